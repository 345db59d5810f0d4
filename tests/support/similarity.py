"""How alike two pictures look: SSIM of their luma (Wang et al. 2004), with uniform windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WINDOW = 8
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(one: Image.Image, other: Image.Image) -> float:
    """The mean over all windows of 8 x 8 pixels; 1 for equal pictures. The sizes must be equal."""
    assert one.size == other.size
    a, b = (np.asarray(image.convert("L"), np.float64) for image in (one, other))
    mean_a, mean_b = _windows(a), _windows(b)
    variance_a = _windows(a * a) - mean_a**2
    variance_b = _windows(b * b) - mean_b**2
    covariance = _windows(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    structure = (2 * covariance + C2) / (variance_a + variance_b + C2)
    return float((luminance * structure).mean())


def _windows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of every window, by summed areas."""
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    w = WINDOW
    total = sums[w:, w:] - sums[:-w, w:] - sums[w:, :-w] + sums[:-w, :-w]
    return np.asarray(total / (w * w), np.float64)
