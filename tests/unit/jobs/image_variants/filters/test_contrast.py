import numpy as np
from support.imagery import close, landscape, quarters

from image_variants.filters.contrast import Contrast


def test_the_factor_spreads_the_tones_around_their_mean() -> None:
    image = landscape((64, 48)).convert("L")
    before, after = np.asarray(image, float), np.asarray(Contrast(factor=0.5)(image), float)
    assert abs(after.std() / before.std() - 0.5) < 0.05
    assert abs(after.mean() - before.mean()) < 2


def test_one_changes_nothing_and_zero_is_one_grey() -> None:
    assert Contrast(factor=1)(quarters()).tobytes() == quarters().tobytes()
    flat = Contrast(factor=0)(quarters())
    assert close(flat.getpixel((5, 5)), flat.getpixel((75, 55)), 0)  # type: ignore[arg-type]
