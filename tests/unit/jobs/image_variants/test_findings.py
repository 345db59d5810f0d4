import numpy as np
import pytest
from PIL import Image
from support.imagery import encoded, landscape, made

from batchkit.job import Output
from image_variants import findings

DIGITS = findings.DIGITS


def value(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 83 + DIGITS.index(letter)
    return number


@pytest.mark.parametrize(("size", "shape"), [((90, 60), (4, 3)), ((60, 90), (3, 4))])
def test_a_blurhash_tells_its_waves_and_its_mean_colour(
    size: tuple[int, int], shape: tuple[int, int]
) -> None:
    found = findings.find(Image.new("RGB", size, (255, 128, 0)), ["blurhash"])["blurhash"]
    assert len(found) == 4 + 2 * shape[0] * shape[1]
    assert value(found[0]) == shape[0] - 1 + (shape[1] - 1) * 9
    assert value(found[2:6]) == 0xFF8000


def test_a_blurhash_is_the_one_that_other_encoders_write() -> None:
    """Written by blurhash 1.1.5 of PyPI, an implementation in pure Python, for the same 32 x 24 pixels."""
    down, across = np.indices((24, 32))
    pixels = np.stack([across * 8, down * 10, (across * down) % 256], axis=-1).astype(np.float64)
    assert findings.blurhash(pixels) == "LxH27h2lwtX3mAWUjwfAgFfmfTfi"


def test_the_dominant_colour_is_that_of_the_most_pixels_and_no_mixture() -> None:
    image = Image.new("RGB", (90, 90), (200, 30, 30))
    image.paste((20, 20, 220), (0, 0, 90, 30))
    assert findings.find(image, ["colour"]) == {"colour": "#c81e1e"}


def test_transparency_lies_on_white_and_grey_is_a_colour() -> None:
    assert findings.find(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), ["colour"]) == {"colour": "#ffffff"}
    assert findings.find(Image.new("L", (9, 9), 64), ["colour"]) == {"colour": "#404040"}


def test_facts_are_found_for_those_who_ask_and_fit_into_metadata() -> None:
    body = encoded(landscape((300, 200)), "PNG")
    results = made(body, {"format": "webp", "facts": ["blurhash", "colour"]}, {"format": "webp"})
    asked, silent = results["v0"], results["v1"]
    assert isinstance(asked, Output) and isinstance(silent, Output)
    assert str(asked.facts["blurhash"]).isascii() and len(str(asked.facts["blurhash"])) == 28
    assert str(asked.facts["colour"]).startswith("#")
    assert not {"blurhash", "colour"} & set(silent.facts)


def test_a_pixel_has_facts_too() -> None:
    assert set(findings.find(Image.new("RGB", (1, 1)), ["blurhash", "colour"])) == {"blurhash", "colour"}
