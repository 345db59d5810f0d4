from PIL import Image

from image_variants.filters.autocontrast import Autocontrast


def grey(*values: int) -> Image.Image:
    image = Image.new("L", (len(values), 1))
    image.putdata(values)
    return image


def test_the_darkest_becomes_black_and_the_lightest_white() -> None:
    assert Autocontrast()(grey(100, 125, 150)).getextrema() == (0, 255)


def test_the_cutoff_ignores_outliers() -> None:
    values = [0, *[100] * 49, *[150] * 49, 255]
    assert Autocontrast()(grey(*values)).tobytes() == bytes(values)
    assert Autocontrast(cutoff=2)(grey(*values)).tobytes() == bytes([0, *[0] * 49, *[255] * 49, 255])


def test_a_plain_picture_stays_as_it_is() -> None:
    assert Autocontrast()(grey(7, 7, 7)).tobytes() == bytes([7, 7, 7])
