"""libvips as the resizer only: its LANCZOS is several times as fast as Pillow's, on any processor.

libvips cuts and resizes whole pixels. What lies between pixels (a JPEG of odd size that was scaled while it
was decoded, a `cover` of odd proportions) would be moved by a part of a pixel, which a comparison shows;
there libvips makes a picture of about twice the size, and Pillow, which cuts anywhere, the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, floor
from typing import Any

import pyvips
from PIL import Image

from image_variants.geometry import Box, Size
from image_variants.resizers.pillow import REDUCING_GAP, Pillow

# How far an edge may be moved, in pixels of the result.
UNSEEN = 0.02
# Pictures of fewer pixels are made by Pillow: handing them over costs more than it saves.
FEW_PIXELS = 200_000
# The size of what Pillow gets, as a multiple of the result's.
SPARE = 2.0
# Pillow keeps RGB in four bytes a pixel, and hands these out and takes them back with the least work.
RAW = {"RGB": "RGBX"}
PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}
BANDS = {"L": 1, "La": 2, "RGBX": 4, "RGBa": 4, "CMYK": 4, "YCbCr": 3}


@dataclass(frozen=True)
class Vips:
    """`exact` does what lies between pixels, and small pictures."""

    exact: Pillow
    name: str = "libvips"
    copied: float = 4.0

    def resize(self, image: Image.Image, size: Size, box: Box) -> Image.Image:
        """See Resizer."""
        if image.mode in PREMULTIPLIED:
            # As Pillow does by itself: colours of transparent pixels must not bleed into visible ones.
            return self.resize(image.convert(PREMULTIPLIED[image.mode]), size, box).convert(image.mode)
        whole = (floor(box[0] + 0.5), floor(box[1] + 0.5), floor(box[2] + 0.5), floor(box[3] + 0.5))
        if _pixels(whole) < FEW_PIXELS:
            return self.exact.resize(image, size, box)
        if _moved(box, whole, size) <= UNSEEN:
            return _resize(image, size, whole)
        return self._between(image, size, box)

    def _between(self, image: Image.Image, size: Size, box: Box) -> Image.Image:
        outer = (floor(box[0]), floor(box[1]), ceil(box[2]), ceil(box[3]))
        width, height = outer[2] - outer[0], outer[3] - outer[1]
        across = SPARE * size[0] / (box[2] - box[0])
        down = SPARE * size[1] / (box[3] - box[1])
        if max(across, down) >= 1:
            return self.exact.resize(image, size, box)
        middle = (ceil(width * across), ceil(height * down))
        across, down = middle[0] / width, middle[1] / height
        left, top, right, bottom = (
            (edge - outer[side % 2]) * (across, down)[side % 2] for side, edge in enumerate(box)
        )
        return self.exact.resize(_resize(image, middle, outer), size, (left, top, right, bottom))


def _pixels(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _moved(box: Box, whole: tuple[int, int, int, int], size: Size) -> float:
    """How far the rounding of the box moves an edge, in pixels of the result."""
    across, down = size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1])
    scales = (across, down, across, down)
    return max(abs(a - b) * scale for a, b, scale in zip(box, whole, scales, strict=True))


def _resize(image: Image.Image, size: Size, box: tuple[int, int, int, int]) -> Image.Image:
    """libvips's resize of whole pixels; exactly `size`."""
    vips = _vips()
    part = image if box == (0, 0, *image.size) else image.crop(box)
    raw = RAW.get(image.mode, image.mode)
    source = vips.Image.new_from_memory(part.tobytes("raw", raw), *part.size, BANDS[raw], "uchar")
    resized = source.resize(
        size[0] / part.width,
        vscale=size[1] / part.height,
        kernel="lanczos3",
        gap=REDUCING_GAP,
    )
    return Image.frombytes(image.mode, size, resized.write_to_memory(), "raw", raw)


@cache
def _vips() -> Any:
    """libvips with one thread (a child computes as many sources at once as it has processors) and without its
    cache, which would keep pictures alive after their use."""
    pyvips.cache_set_max(0)
    pyvips.vips_lib.vips_concurrency_set(1)
    return pyvips
