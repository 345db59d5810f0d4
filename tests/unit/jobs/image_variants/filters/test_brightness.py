import numpy as np
from support.imagery import close, landscape, quarters

from image_variants.filters.brightness import Brightness


def test_the_factor_multiplies_every_value() -> None:
    image = landscape((64, 48))
    before, after = np.asarray(image, float), np.asarray(Brightness(factor=0.5)(image), float)
    assert np.abs(after - before / 2).max() <= 1


def test_one_changes_nothing_and_zero_is_black() -> None:
    assert Brightness(factor=1)(quarters()).tobytes() == quarters().tobytes()
    assert close(Brightness(factor=0)(quarters()).getpixel((75, 55)), (0, 0, 0), 0)
