"""EXIF orientation 1 to 8: upright pixels, and where an upright box lies in the stored ones."""

from __future__ import annotations

from PIL import Image

from image_variants.geometry import Box, Size

UPRIGHT = 1
SWAPPED = frozenset({5, 6, 7, 8})

# What makes a stored picture upright (EXIF 2.3, tag 0x0112, as in PIL.ImageOps.exif_transpose).
TURNS: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def swap(size: Size, orientation: int) -> Size:
    """Width and height of the upright picture for those of the stored one, and the other way round."""
    return (size[1], size[0]) if orientation in SWAPPED else size


def turn(image: Image.Image, orientation: int) -> Image.Image:
    """The stored picture made upright."""
    return image if orientation == UPRIGHT else image.transpose(TURNS[orientation])


def stored_box(box: Box, upright: Size, orientation: int) -> Box:
    """The box, given in upright pixels, in the pixels of the stored picture."""
    first = _stored_point(box[0], box[1], upright, orientation)
    second = _stored_point(box[2], box[3], upright, orientation)
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[0], second[0]),
        max(first[1], second[1]),
    )


def _stored_point(x: float, y: float, upright: Size, orientation: int) -> tuple[float, float]:
    mirrored_x, mirrored_y = upright[0] - x, upright[1] - y
    points = {
        1: (x, y),
        2: (mirrored_x, y),
        3: (mirrored_x, mirrored_y),
        4: (x, mirrored_y),
        5: (y, x),
        6: (y, mirrored_x),
        7: (mirrored_y, mirrored_x),
        8: (mirrored_y, x),
    }
    return points[orientation]
