"""Where in a picture most is to be seen: the part whose brightnesses are spread the widest.

Shannon's entropy of a histogram tells sky and blurred grounds, which have few levels, from faces and
buildings, which have many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from image_variants.geometry import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The longer side of what is looked at, and how many levels of brightness are told apart.
LOOKED_AT = 160
LEVELS = 32


def find(image: Image.Image, box: Box, reach: Box) -> Box:
    """The box moved, within reach, to where the entropy of the picture (any mode) is greatest.

    It moves along the direction in which it has more room; of equally good places the one nearest to where
    it was is taken.
    """
    width, height = reach[2] - reach[0], reach[3] - reach[1]
    free = (width - (box[2] - box[0]), height - (box[3] - box[1]))
    across = free[0] >= free[1]
    room, length = (free[0], width) if across else (free[1], height)
    if room < 1:
        return box
    grey = _small(image, reach, across)
    window = max(1, min(grey.shape[1] - 1, round(grey.shape[1] * (length - room) / length)))
    was = (box[0] - reach[0] if across else box[1] - reach[1]) / room
    share = _best(grey, window, was)
    left = reach[0] + share * room if across else box[0]
    top = box[1] if across else reach[1] + share * room
    # Sums of fractions may come out a hair beyond the reach.
    right, bottom = left + box[2] - box[0], top + box[3] - box[1]
    return (left, top, min(right, reach[2]), min(bottom, reach[3]))


def _small(image: Image.Image, reach: Box, across: bool) -> NDArray[np.uint8]:
    """The levels (0 to LEVELS - 1) of what is within reach, made small; the box moves along the columns."""
    import numpy as np  # noqa: PLC0415  (only those who ask for entropy wait for numpy)

    scale = min(1.0, LOOKED_AT / max(reach[2] - reach[0], reach[3] - reach[1]))
    size = (max(1, round((reach[2] - reach[0]) * scale)), max(1, round((reach[3] - reach[1]) * scale)))
    small = image.resize(size, Image.Resampling.BOX, reach, reducing_gap=1.0)
    # Pillow makes no L of premultiplied grey.
    grey = small.getchannel("L") if small.mode == "La" else small.convert("L")
    levels = np.asarray(grey) // (256 // LEVELS)
    return levels if across else levels.T


def _best(levels: NDArray[np.uint8], window: int, was: float) -> float:
    """Where a window of so many columns sees most, as a share of its way."""
    import numpy as np  # noqa: PLC0415  (see above)

    columns = np.stack([(levels == level).sum(axis=0) for level in range(LEVELS)])
    sums = np.pad(columns.cumsum(axis=1), ((0, 0), (1, 0)))
    shares = (sums[:, window:] - sums[:, :-window]) / (window * levels.shape[0])
    entropies = -(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=0)
    places = np.arange(entropies.size) / max(1, entropies.size - 1)
    best = np.flatnonzero(entropies >= entropies.max() - 1e-9)
    return float(places[best[np.abs(places[best] - was).argmin()]])
