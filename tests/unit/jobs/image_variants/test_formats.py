from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.imagery import encoded, landscape, made, opened
from support.similarity import ssim

from batchkit.errors import ConfigError
from batchkit.job import Failure, Output
from image_variants import formats, job

LOSSY = ["jpeg", "webp", "avif"]


@pytest.fixture(scope="module")
def body() -> bytes:
    return encoded(landscape((480, 320)), "PNG")


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_every_format_is_written_and_looks_like_the_source(kind: str, body: bytes) -> None:
    result = made(body, {"format": kind})["v0"]
    assert isinstance(result, Output)
    assert result.content_type == f"image/{kind}"
    image = opened(result)
    assert image.format == kind.upper()
    assert image.size == (480, 320)
    assert ssim(image.convert("RGB"), landscape((480, 320))) > (0.8 if kind in {*LOSSY, "gif"} else 0.9999)


@pytest.mark.parametrize("kind", formats.FORMATS)
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_every_format_takes_grey_and_transparent_pictures(kind: str, mode: str) -> None:
    source = encoded(landscape((120, 80)).convert(mode), "PNG")
    assert opened(made(source, {"format": kind})["v0"]).size == (120, 80)


@pytest.mark.parametrize("kind", LOSSY)
def test_more_quality_takes_more_bytes_and_looks_better(kind: str, body: bytes) -> None:
    results = made(body, {"format": kind, "quality": 20}, {"format": kind, "quality": 90})
    low, high = results["v0"], results["v1"]
    assert isinstance(low, Output) and isinstance(high, Output)
    assert len(low.body) < len(high.body)
    assert ssim(opened(low), landscape((480, 320))) < ssim(opened(high), landscape((480, 320)))


@pytest.mark.parametrize("kind", ["jpeg", "webp", "png", "avif"])
def test_a_profile_trades_time_for_bytes(kind: str, body: bytes) -> None:
    results = made(body, {"format": kind, "profile": "fast"}, {"format": kind, "profile": "small"})
    fast, small = results["v0"], results["v1"]
    assert isinstance(fast, Output) and isinstance(small, Output)
    assert len(small.body) < len(fast.body)


def test_the_same_parameters_make_the_same_bytes(body: bytes) -> None:
    for kind in formats.FORMATS:
        first, second = (made(body, {"format": kind})["v0"] for _ in range(2))
        assert first == second


def test_a_picture_wider_than_the_format_can_hold_is_refused_alone() -> None:
    banner = encoded(Image.new("L", (20_000, 4)), "PNG")
    results = made(banner, {"format": "webp"}, {"format": "png"})
    assert isinstance(results["v0"], Failure)
    assert results["v0"].rejected.error_class == "OutputTooLarge"
    assert "16,383" in results["v0"].rejected.message
    assert isinstance(results["v1"], Output)


def test_enlarging_a_line_does_not_make_a_bomb() -> None:
    line = encoded(Image.new("L", (1, 1000)), "PNG")
    result = made(line, {"format": "png", "resize": {"width": 1000, "enlarge": True}})["v0"]
    assert isinstance(result, Failure)
    assert result.rejected.error_class == "OutputTooLarge"


def test_formats_files_and_tests_are_the_same_list() -> None:
    folder = Path(formats.__file__).parent
    assert sorted(path.stem for path in folder.glob("[a-z]*.py")) == sorted(formats.FORMATS)


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_every_format_has_an_extension_and_a_largest_side(kind: str) -> None:
    found = formats.find(kind)
    assert found.extension in {kind, "jpg"}
    assert found.max_side >= 16_383


# Each setting: a value that costs bytes, and one that saves them.
SETTINGS: list[tuple[str, str, Any, Any]] = [
    ("jpeg", "optimize", False, True),
    ("jpeg", "progressive", False, True),
    ("jpeg", "subsampling", "4:4:4", "4:2:0"),
    ("webp", "method", 0, 4),
    ("webp", "lossless", True, False),
    ("avif", "speed", 10, 6),
    ("avif", "subsampling", "4:4:4", "4:2:0"),
    ("png", "compression", 0, 9),
    ("tiff", "compression", "none", "deflate"),
]


@pytest.mark.parametrize(("kind", "key", "large", "small"), SETTINGS)
def test_every_setting_reaches_its_encoder(kind: str, key: str, large: Any, small: Any, body: bytes) -> None:
    results = made(body, {"format": kind, key: large}, {"format": kind, key: small})
    assert _size(results["v0"]) > _size(results["v1"])


def test_a_progressive_jpeg_is_one() -> None:
    plain, progressive = (
        made(encoded(landscape((160, 120)), "PNG"), {"format": "jpeg", "progressive": wanted})["v0"]
        for wanted in (False, True)
    )
    assert "progressive" not in opened(plain).info
    assert "progressive" in opened(progressive).info


def test_lossless_webp_gives_the_pixels_back() -> None:
    source = landscape((160, 120))
    ours = opened(made(encoded(source, "PNG"), {"format": "webp", "lossless": True})["v0"])
    assert ours.convert("RGB").tobytes() == source.tobytes()


def test_a_setting_says_more_than_a_profile_and_a_variant_more_than_the_recipe() -> None:
    tasks = job.plan(
        {
            "profile": "fast",
            "variants": [
                {"name": "a", "format": "webp"},
                {"name": "b", "format": "webp", "profile": "small"},
                {"name": "c", "format": "webp", "method": 3},
                {"name": "d", "format": "avif"},
            ],
        }
    )
    assert [task.parameters.get("method") for task in tasks] == [2, 6, 3, None]
    assert tasks[3].parameters["speed"] == 8
    assert all("profile" not in task.parameters for task in tasks)


@pytest.mark.parametrize("kind", LOSSY)
def test_the_best_quality_is_found_that_keeps_within_the_bytes(kind: str, body: bytes) -> None:
    free = made(body, {"format": kind, "quality": 90})["v0"]
    limit = _size(free) // 2
    fitted = made(body, {"format": kind, "quality": 90, "max_bytes": limit})["v0"]
    assert isinstance(fitted, Output)
    assert 0.8 * limit < len(fitted.body) <= limit
    found = fitted.facts["quality"]
    assert isinstance(found, int) and found < 90
    assert fitted.body == made(body, {"format": kind, "quality": found})["v0"].body  # type: ignore[union-attr]


def test_what_is_small_enough_is_encoded_once_and_as_well_as_wanted(body: bytes) -> None:
    free, fitted = made(body, {"format": "jpeg"}, {"format": "jpeg", "max_bytes": 10_000_000}).values()
    assert isinstance(free, Output) and isinstance(fitted, Output)
    assert free.body == fitted.body


def test_a_size_that_no_quality_has_is_refused_with_the_figures(body: bytes) -> None:
    result = made(body, {"format": "jpeg", "max_bytes": 200}, {"format": "jpeg"})
    assert isinstance(result["v0"], Failure)
    assert result["v0"].rejected.error_class == "TooManyBytes"
    assert "quality 10" in result["v0"].rejected.message
    assert "200" in result["v0"].rejected.message
    assert isinstance(result["v1"], Output)


def test_the_search_for_a_quality_is_bounded() -> None:
    from image_variants.formats.jpeg import Jpeg
    from image_variants.saving import fitted

    for limit in range(100, 101_000, 700):
        asked: list[int] = []

        def encode(quality: int, asked: list[int] = asked) -> bytes:
            asked.append(quality)
            return bytes(quality * 1_000 + 100)

        wanted = Jpeg(name="a", quality=100, max_bytes=limit)
        if limit >= 10_100:
            assert len(fitted(wanted, encode).body) <= limit
        assert len(asked) <= 8


@pytest.mark.parametrize(
    ("variant", "text"),
    [
        ({"format": "webp", "lossless": True, "max_bytes": 1000}, "leave max_bytes out"),
        ({"format": "jpeg", "lossless": True}, "lossless"),
        ({"format": "png", "max_bytes": 1000}, "max_bytes"),
        ({"format": "jpeg", "animation": "keep"}, "animation"),
        ({"format": "webp", "animation": "all"}, "keep"),
        ({"format": "webp", "method": 7}, "method"),
        ({"format": "avif", "subsampling": "4:1:1"}, "4:2:0"),
    ],
)
def test_a_setting_that_the_format_does_not_have_is_refused(variant: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        job.plan({"variants": [{"name": "a", **variant}]})


def _size(result: Output | Failure) -> int:
    assert isinstance(result, Output), result
    return len(result.body)
