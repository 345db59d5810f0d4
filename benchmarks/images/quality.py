"""How close lossless outputs are to a full decode and one LANCZOS resize: SSIM of their luma."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.images.python_engines import naive_picture
from benchmarks.images.sets import Wanted, finest, lossless

if TYPE_CHECKING:
    from benchmarks.images.race import Process

# Over all photos: the mean and the worst that a variant may have. Sharpening shows more of any difference.
LEAST_MEAN = 0.995
LEAST_WORST = 0.99
LEAST_WORST_GRAY = 0.98
# What a JPEG of quality 100 itself may take of it: its transform rounds to whole numbers.
LOSS = 0.002
# Wang et al. 2004: a Gaussian window of 11 x 11 pixels with a deviation of 1.5, and the constants for 8 bits.
RADIUS, DEVIATION = 5, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """One variant of one engine over all photos."""

    engine: str
    variant: str
    gray: bool
    mean: float
    worst: float
    loss: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether it keeps what is promised, but for the `loss` of its format."""
        if self.gray:
            return self.worst >= LEAST_WORST_GRAY - self.loss
        return self.mean >= LEAST_MEAN - self.loss and self.worst >= LEAST_WORST - self.loss


def compare(
    engines: Mapping[str, Process], photos: Sequence[Path], wanted: tuple[Wanted, ...]
) -> list[Likeness]:
    """Every engine's lossless variants, and its finest JPEGs, against the naive pictures."""
    scores: dict[tuple[str, str], list[float]] = {}
    with TemporaryDirectory() as folder:
        for photo in photos:
            body = photo.read_bytes()
            best = {one["name"]: naive_picture(body, one) for one in wanted}
            for (name, engine), asked in product(engines.items(), (lossless(wanted), finest(wanted))):
                engine.ask(path=str(photo), wanted=asked, folder=folder)
                for one in asked:
                    with Image.open(Path(folder, f"{one['name']}.{one['format']}")) as made:
                        score = ssim(made, best[one["name"]])
                    scores.setdefault((f"{name} {one['format']}", one["name"]), []).append(score)
    gray = {one["name"] for one in wanted if one["gray"]}
    return [
        Likeness(
            engine,
            variant,
            gray=variant in gray,
            mean=sum(found) / len(found),
            worst=min(found),
            loss=LOSS if engine.endswith("jpeg") else 0.0,
        )
        for (engine, variant), found in scores.items()
    ]


def ssim(one: Image.Image, other: Image.Image) -> float:
    """The mean over all windows. Raises ValueError when the sizes differ."""
    if one.size != other.size:
        raise ValueError(f"pictures of {one.size} and {other.size} pixels cannot be compared")
    a, b = (np.asarray(image.convert("L"), np.float64) for image in (one, other))
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a, variance_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    structure = (2 * covariance + C2) / (variance_a + variance_b + C2)
    return float((luminance * structure).mean())


def _blur(values: Floats) -> Floats:
    """The Gaussian mean around each pixel that has all its neighbours."""
    weights = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * DEVIATION**2))
    weights /= weights.sum()
    size = 2 * RADIUS + 1
    rows = sum(w * values[at : values.shape[0] - size + 1 + at] for at, w in enumerate(weights))
    return np.asarray(
        sum(w * rows[:, at : rows.shape[1] - size + 1 + at] for at, w in enumerate(weights)), np.float64
    )
