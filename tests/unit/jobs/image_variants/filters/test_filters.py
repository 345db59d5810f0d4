"""What is true of every filter."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from support.imagery import landscape

import image_variants.filters as package
from batchkit.errors import Rejected
from image_variants.filters import FILTERS, apply, find
from image_variants.operation import Filter

# Parameters for the filters that cannot do without.
NEEDED: dict[str, dict[str, Any]] = {
    "brightness": {"factor": 1.3},
    "contrast": {"factor": 1.3},
    "saturation": {"factor": 1.3},
    "watermark": {"text": "© 2024"},
}


def build(name: str) -> Filter:
    return find(name)(**NEEDED.get(name, {}))


def test_the_list_the_folder_and_the_tests_name_the_same_filters() -> None:
    assert package.__file__ is not None
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")} - {
        "filters"
    }
    assert tuple(sorted(files)) == tuple(sorted(tests)) == FILTERS


# Grey has no colour that these could change.
OF_COLOUR = ("grayscale", "saturation")


@pytest.mark.parametrize(
    ("name", "mode"),
    [(n, m) for n in FILTERS for m in ("L", "RGB", "RGBA") if not (m == "L" and n in OF_COLOUR)],
)
def test_every_filter_takes_every_plain_mode_and_changes_it(name: str, mode: str) -> None:
    image = landscape((64, 48)).convert(mode)
    before = image.tobytes()
    after = build(name)(image)
    assert after.mode in {"L", "RGB", "RGBA"}
    assert after.size == image.size
    assert image.tobytes() == before
    assert after.convert("RGB").tobytes() != image.convert("RGB").tobytes()


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_every_filter_takes_a_single_pixel_or_refuses_it(name: str, mode: str) -> None:
    try:
        assert build(name)(Image.new(mode, (1, 1))).size == (1, 1)
    except Rejected as refused:
        assert name == "watermark"
        assert refused.error_class == "WatermarkTooLarge"


@pytest.mark.parametrize("name", [name for name in FILTERS if name not in {"watermark", "blur"}])
def test_filters_of_colours_leave_transparency_alone(name: str) -> None:
    image = landscape((64, 48)).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    assert build(name)(image).convert("RGBA").getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_is_frozen_and_named_by_its_type(name: str) -> None:
    made = build(name)
    assert hash(made) == hash(build(name))
    assert msgspec.to_builtins(made)["type"] == name


def test_filters_are_applied_in_their_order() -> None:
    image = landscape((64, 48))
    brighter, grey = build("brightness"), build("grayscale")
    assert apply(image, (brighter, grey)).tobytes() == grey(brighter(image)).tobytes()
    assert apply(image, ()) is image
