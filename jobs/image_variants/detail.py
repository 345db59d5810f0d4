"""How sharp the pixels of a picture are: what decides how far a JPEG may be scaled while it is decoded.

Measured as the share of pixels that stand out of their four neighbours by more than EDGE, in the sharpest
quarter of STRIPS strips. Camera pictures have up to one in seven; text, line drawings and photos that were
made small and sharpened have more.
"""

from __future__ import annotations

from typing import Literal

from PIL import Image, ImageFilter

Detail = Literal["photo", "sharp"]

SHARP = 0.15
EDGE = 60
STRIPS, ROWS, COLUMNS = 16, 10, 640
# Its multiples spread evenly between whole numbers.
GOLDEN = 0.618034
MIDDLE = 128
# A pixel less the mean of its four neighbours, four times; MIDDLE stands for no difference.
OUTSTANDING = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 4, -1, 0, -1, 0), scale=1, offset=MIDDLE)


def look(image: Image.Image) -> Detail:
    """The detail of a picture of any mode that can become L."""
    shares = sorted(_share(strip) for strip in _strips(image))
    sharpest = shares[-max(1, len(shares) // 4) :]
    share = sum(sharpest) / len(sharpest)
    return "sharp" if share > SHARP else "photo"


def _strips(image: Image.Image) -> list[Image.Image]:
    """Strips evenly from top to bottom, now left, now right; the whole of a low picture."""
    height, columns = image.height, min(image.width, COLUMNS)
    if height < STRIPS * ROWS:
        return [image]
    strips = []
    for number in range(STRIPS):
        left = int(number * GOLDEN % 1 * (image.width - columns))
        top = int(number * (height - ROWS) / (STRIPS - 1))
        strips.append(image.crop((left, top, left + columns, top + ROWS)))
    return strips


def _share(strip: Image.Image) -> float:
    """The share of pixels beyond EDGE. The outermost, which Pillow's filter copies, are left out."""
    if min(strip.size) < 3:
        return 0.0
    found = strip.convert("L").filter(OUTSTANDING).crop((1, 1, strip.width - 1, strip.height - 1))
    levels = found.histogram()
    beyond = sum(levels[: MIDDLE - EDGE]) + sum(levels[MIDDLE + EDGE + 1 :])
    return beyond / (found.width * found.height)
