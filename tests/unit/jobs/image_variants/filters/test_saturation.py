import numpy as np
from support.imagery import close, landscape, quarters

from image_variants.filters.saturation import Saturation


def colourfulness(pixels: object) -> float:
    values = np.asarray(pixels, float)
    return float((values.max(axis=-1) - values.min(axis=-1)).mean())


def test_a_larger_factor_is_more_colourful() -> None:
    image = landscape((64, 48))
    assert colourfulness(Saturation(factor=0.5)(image)) < colourfulness(image)
    assert colourfulness(image) < colourfulness(Saturation(factor=1.5)(image))


def test_one_changes_nothing_and_zero_is_grey() -> None:
    assert Saturation(factor=1)(quarters()).tobytes() == quarters().tobytes()
    assert close(Saturation(factor=0)(quarters()).getpixel((5, 5)), (76, 76, 76), 1)
