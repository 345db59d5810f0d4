from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter
from support.imagery import landscape

from image_variants.filters.sharpen import Sharpen


def edge() -> Image.Image:
    image = Image.new("L", (40, 8), 60)
    image.paste(180, (20, 0, 40, 8))
    return image.filter(ImageFilter.GaussianBlur(0.8))


WAYS = pytest.mark.parametrize("way", [{}, {"radius": 1.0}], ids=["kernel", "mask"])


@WAYS
def test_an_edge_becomes_steeper(way: dict[str, Any]) -> None:
    before, after = (np.asarray(image, float)[4] for image in (edge(), Sharpen(percent=150, **way)(edge())))
    assert np.diff(after).max() > 1.15 * np.diff(before).max()


@WAYS
def test_more_percent_sharpens_more(way: dict[str, Any]) -> None:
    image = landscape((200, 150)).convert("L")
    changes = [
        np.abs(np.asarray(Sharpen(percent=percent, **way)(image), float) - np.asarray(image, float)).mean()
        for percent in (30, 100, 300)
    ]
    assert changes == sorted(changes)
    assert changes[0] < changes[-1]


def test_differences_up_to_the_threshold_are_left_alone() -> None:
    image = landscape((200, 150)).convert("L")
    assert Sharpen(radius=1.0, threshold=255)(image).tobytes() == image.tobytes()


def test_a_threshold_without_a_radius_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a radius"):
        Sharpen(threshold=3)


@WAYS
def test_what_is_even_stays_as_it_is(way: dict[str, Any]) -> None:
    even = Image.new("RGBA", (30, 20), (10, 130, 250, 70))
    assert Sharpen(percent=1000, **way)(even).tobytes() == even.tobytes()
