"""libvips as the resizer only: its LANCZOS is several times as fast as Pillow's, on any processor.

libvips cuts and resizes whole pixels, and here it only makes pictures smaller. What lies between pixels (a
JPEG of odd size that was scaled while it was decoded, a `cover` of odd proportions) would be moved by a part
of a pixel, which a comparison shows; there libvips makes a picture of about twice the size, and Pillow, which
cuts anywhere, the rest.

Nothing is copied on the way: Pillow lends its pixels through the Arrow C data interface and takes libvips's
the same way (Pillow's documentation, "Arrow support"). For that a picture must lie in one block of memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, floor
from typing import Any

import nanoarrow
import pyvips
from PIL import Image, _imaging

from image_variants.geometry import Box, Size
from image_variants.resizers.pillow import REDUCING_GAP, Pillow

# How far an edge may be moved, in pixels of the result.
UNSEEN = 0.02
# Pictures of fewer pixels are made by Pillow: handing them over costs more than it saves.
FEW_PIXELS = 100_000
# The size of what Pillow gets, as a multiple of the result's.
SPARE = 2.0
PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}
# Bytes a pixel in Pillow's memory: all modes but these keep four, whatever the number of their bands.
BYTES = {"L": 1}
WIDE = 4
# Such a pixel in the words of Arrow.
FOUR = nanoarrow.fixed_size_list(nanoarrow.uint8(), WIDE)


@dataclass(frozen=True)
class Vips:
    """`exact` does what lies between pixels, and small pictures."""

    exact: Pillow
    name: str = "libvips"
    apart: bool = False

    def __post_init__(self) -> None:
        # Pillow lays pictures beyond 16 MB in several blocks unless told otherwise.
        _imaging.set_use_block_allocator(1)

    def beside(self, size: Size, box: Box) -> float:
        """See Resizer."""
        return SPARE**2 * WIDE * size[0] * size[1] if self._lies_between(size, box) else 0.0

    def resize(self, image: Image.Image, size: Size, box: Box) -> Image.Image:
        """See Resizer."""
        if image.mode in PREMULTIPLIED:
            # As Pillow does by itself: colours of transparent pixels must not bleed into visible ones.
            return self.resize(image.convert(PREMULTIPLIED[image.mode]), size, box).convert(image.mode)
        # What libvips enlarges is moved by half a pixel, and it does so with another filter.
        larger = size[0] > box[2] - box[0] or size[1] > box[3] - box[1]
        if larger or _pixels(_whole(box)) < FEW_PIXELS:
            return self.exact.resize(image, size, box)
        if self._lies_between(size, box):
            return self._between(image, size, box)
        return _resize(image, size, _whole(box))

    def _lies_between(self, size: Size, box: Box) -> bool:
        return _moved(box, _whole(box), size) > UNSEEN

    def _between(self, image: Image.Image, size: Size, box: Box) -> Image.Image:
        # Sums of fractions may end a hair beyond the picture.
        end = min(ceil(box[2]), image.width), min(ceil(box[3]), image.height)
        outer = (floor(box[0]), floor(box[1]), *end)
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


def _whole(box: Box) -> tuple[int, int, int, int]:
    return (floor(box[0] + 0.5), floor(box[1] + 0.5), floor(box[2] + 0.5), floor(box[3] + 0.5))


def _pixels(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _moved(box: Box, whole: tuple[int, int, int, int], size: Size) -> float:
    """How far the rounding of the box moves an edge, in pixels of the result."""
    across, down = size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1])
    scales = (across, down, across, down)
    return max(abs(a - b) * scale for a, b, scale in zip(box, whole, scales, strict=True))


def _resize(image: Image.Image, size: Size, box: tuple[int, int, int, int]) -> Image.Image:
    """libvips's resize of whole pixels; exactly `size`."""
    width = BYTES.get(image.mode, WIDE)
    # To be kept until libvips has read: neither buffers nor views of it do so.
    lent = _lend(image)
    source = _vips().Image.new_from_memory(_buffer(lent), *image.size, width, "uchar")
    if box != (0, 0, *image.size):
        source = source.crop(box[0], box[1], box[2] - box[0], box[3] - box[1])
    across, down = size[0] / source.width, size[1] / source.height
    resized = source.resize(across, vscale=down, kernel="lanczos3", gap=REDUCING_GAP).write_to_memory()
    del lent
    return _take(image.mode, size, width, resized)


def _lend(image: Image.Image) -> Any:
    """Pillow's pixels as an array of Arrow's, which keeps them where they are."""
    try:
        return nanoarrow.c_array(image)
    except ValueError:
        # In several blocks: made before Pillow was told. The copy is not.
        return nanoarrow.c_array(image.copy())


def _buffer(array: Any) -> Any:
    """All of its bytes, as long as the array lives."""
    view = array.view()
    values = view.child(0) if view.n_children else view
    return values.buffer(1)


def _take(mode: str, size: Size, width: int, pixels: Any) -> Image.Image:
    """A picture of the pixels that libvips made, which stay where they are."""
    values = nanoarrow.c_array_from_buffers(nanoarrow.uint8(), len(pixels), [None, pixels])
    if width == 1:
        return Image.fromarrow(values, mode, size)
    array = nanoarrow.c_array_from_buffers(FOUR, size[0] * size[1], [None], children=[values])
    return Image.fromarrow(array, mode, size)


@cache
def _vips() -> Any:
    """libvips with one thread (a child computes as many sources at once as it has processors) and without its
    cache, which would keep pictures alive after their use."""
    pyvips.cache_set_max(0)
    pyvips.vips_lib.vips_concurrency_set(1)
    return pyvips
