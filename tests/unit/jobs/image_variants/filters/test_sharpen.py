import numpy as np
from PIL import Image, ImageFilter
from support.imagery import landscape

from image_variants.filters.sharpen import Sharpen


def edge() -> Image.Image:
    image = Image.new("L", (40, 8), 60)
    image.paste(180, (20, 0, 40, 8))
    return image.filter(ImageFilter.GaussianBlur(1.5))


def test_an_edge_becomes_steeper() -> None:
    before, after = (np.asarray(image, float)[4] for image in (edge(), Sharpen(percent=150)(edge())))
    assert np.diff(after).max() > 1.15 * np.diff(before).max()


def test_more_percent_sharpens_more() -> None:
    image = landscape((200, 150)).convert("L")
    changes = [
        np.abs(np.asarray(Sharpen(percent=percent)(image), float) - np.asarray(image, float)).mean()
        for percent in (30, 100, 300)
    ]
    assert changes == sorted(changes)
    assert changes[0] < changes[-1]


def test_differences_up_to_the_threshold_are_left_alone() -> None:
    image = landscape((200, 150)).convert("L")
    assert Sharpen(threshold=255)(image).tobytes() == image.tobytes()
