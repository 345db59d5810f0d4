from PIL import Image
from support.imagery import close, landscape

from image_variants.filters.sepia import Sepia


def test_grey_becomes_brown() -> None:
    assert close(Sepia()(Image.new("L", (4, 4), 100)).getpixel((1, 1)), (135, 120, 94), 1)


def test_white_does_not_wrap_around() -> None:
    assert close(Sepia()(Image.new("RGB", (4, 4), "white")).getpixel((1, 1)), (255, 255, 239), 1)


def test_no_strength_changes_nothing() -> None:
    image = landscape((64, 48))
    assert Sepia(strength=0)(image).tobytes() == image.tobytes()


def test_half_the_strength_is_half_way() -> None:
    image = Image.new("RGB", (4, 4), (40, 80, 120))
    full, half = Sepia()(image).getpixel((1, 1)), Sepia(strength=0.5)(image).getpixel((1, 1))
    assert isinstance(full, tuple)
    assert close(half, [(a + b) / 2 for a, b in zip(full, (40, 80, 120), strict=True)], 1)
