import numpy as np
from PIL import Image
from support.imagery import landscape

from image_variants.filters.blur import Blur


def contrast(image: Image.Image) -> float:
    return float(np.abs(np.diff(np.asarray(image.convert("L"), float))).mean())


def test_a_larger_radius_blurs_more() -> None:
    image = landscape((200, 150))
    assert contrast(image) > contrast(Blur(radius=1)(image)) > contrast(Blur(radius=5)(image))


def test_hidden_colours_do_not_bleed_into_visible_ones() -> None:
    image = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 40))
    blurred = np.asarray(Blur(radius=4)(image))
    assert blurred[..., 1][blurred[..., 3] > 32].max() <= 4
    assert 0 < blurred[20, 20, 3] < 255
