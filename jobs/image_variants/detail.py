"""How sharp the pixels of a picture are: what decides how far a JPEG may be scaled while it is decoded.

Measured as the share of pixels that stand out of their four neighbours by more than EDGE, in the sharpest
quarter of STRIPS strips. Camera pictures have less than one in thirty, finely textured ones and photos that
were made small up to one in seven, text and line drawings more.
"""

from __future__ import annotations

from typing import Literal

from PIL import Image, ImageFilter

Detail = Literal["soft", "fine", "sharp"]

FINE, SHARP = 0.03, 0.15
EDGE = 60
STRIPS, ROWS = 16, 10
MIDDLE = 128
# A pixel less the mean of its four neighbours, four times; MIDDLE stands for no difference.
OUTSTANDING = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 4, -1, 0, -1, 0), scale=1, offset=MIDDLE)


def look(image: Image.Image) -> Detail:
    """The detail of a picture of any mode that can become L."""
    shares = sorted(_share(strip) for strip in _strips(image))
    sharpest = shares[-max(1, len(shares) // 4) :]
    share = sum(sharpest) / len(sharpest)
    return "sharp" if share > SHARP else "fine" if share > FINE else "soft"


def _strips(image: Image.Image) -> list[Image.Image]:
    """Bands across the picture, evenly from top to bottom; the whole of a low picture."""
    width, height = image.size
    if height < STRIPS * ROWS:
        return [image]
    step = (height - ROWS) / (STRIPS - 1)
    tops = [int(number * step) for number in range(STRIPS)]
    return [image.crop((0, top, width, top + ROWS)) for top in tops]


def _share(strip: Image.Image) -> float:
    """The share of pixels beyond EDGE. The outermost, which Pillow's filter copies, are left out."""
    if min(strip.size) < 3:
        return 0.0
    found = strip.convert("L").filter(OUTSTANDING).crop((1, 1, strip.width - 1, strip.height - 1))
    levels = found.histogram()
    beyond = sum(levels[: MIDDLE - EDGE]) + sum(levels[MIDDLE + EDGE + 1 :])
    return beyond / (found.width * found.height)
