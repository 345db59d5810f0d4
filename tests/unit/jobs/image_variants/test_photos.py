from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from support.imagery import landscape
from support.similarity import ssim

from batchkit.errors import Rejected
from batchkit.job import Original
from image_variants import job, photos, scenes


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return job.samples(tmp_path_factory.mktemp("samples"), seed=1)


def test_a_handful_of_pictures_of_two_to_twelve_megapixels(samples: list[Path]) -> None:
    assert len(samples) == len(scenes.SCENES) == 8
    assert {path.suffix for path in samples} == {".jpg", ".png", ".webp"}
    for path in samples:
        width, height = _header(path).size
        assert 2e6 <= width * height <= 12e6, path


def test_one_is_stored_lying_and_one_lies_in_a_folder_with_an_unusual_name(samples: list[Path]) -> None:
    lying = [path for path in samples if path.suffix == ".jpg" and _header(path).getexif().get(0x0112) == 6]
    assert [path.name for path in lying] == ["lake-upright.jpg"]
    assert [path.parent.name for path in samples if " " in path.parent.name] == ["été à la mer"]


def test_all_can_be_processed_but_the_interrupted_one(samples: list[Path]) -> None:
    tasks = job.plan({"variants": [{"name": "t", "format": "jpeg", "resize": {"width": 64}}]})
    rejected = []
    for path in samples:
        try:
            assert list(job.make(Original(path.name, path.read_bytes()), tasks))
        except Rejected as reason:
            rejected.append((path.name, reason.error_class))
    assert rejected == [("interrupted-upload.jpg", "Truncated")]


def test_the_seed_decides_the_picture() -> None:
    one, other = landscape((240, 160), seed=1), landscape((240, 160), seed=2)
    landscape.cache_clear()
    assert landscape((240, 160), seed=1).tobytes() == one.tobytes()
    assert ssim(one, other) < 0.9


def test_a_photograph_is_the_same_bytes_for_the_same_random_numbers() -> None:
    import numpy as np

    scene = scenes.SCENES[3]
    first, second = (photos.photograph(scene, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert Image.open(BytesIO(first)).size == scene.size


def _header(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))
