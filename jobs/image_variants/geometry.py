"""Sizes: what part of the source a variant shows, and how large. Pure arithmetic, in pixels.

Every size derives from the source's header, never from an intermediate picture: rounding twice
would give heights that are off by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

from image_variants.spec import Crop, Gravity, Resize

Size = tuple[int, int]
Box = tuple[float, float, float, float]

# Where along the free space a picture lies: 0 is left or top, 1 is right or bottom.
ANCHORS: dict[Gravity, tuple[float, float]] = {
    "center": (0.5, 0.5),
    "entropy": (0.5, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
}


@dataclass(frozen=True)
class Geometry:
    """`box` (left, top, right, bottom) of the upright source becomes `scaled`, at `offset` of `canvas`.

    With a `reach` the box is still to be found: it may lie anywhere in there.
    """

    box: Box
    scaled: Size
    canvas: Size
    offset: tuple[int, int] = (0, 0)
    reach: Box | None = None

    @property
    def density(self) -> tuple[float, float]:
        """Output pixels per source pixel, across and down."""
        left, top, right, bottom = self.box
        return self.scaled[0] / (right - left), self.scaled[1] / (bottom - top)

    @property
    def picture(self) -> Geometry:
        """The geometry without its padding."""
        return replace(self, canvas=self.scaled, offset=(0, 0))


def measure(source: Size, crop: Crop | None, resize: Resize | None) -> Geometry:
    """The geometry of a variant of an upright source of `source` pixels."""
    region = _crop_box(source, crop or Crop())
    if resize is None:
        size = _size(region)
        return Geometry(region, size, size)
    match resize.fit:
        case "contain":
            size = _contained(_size(region), resize)
            return Geometry(region, size, size)
        case "cover":
            return _covering(source, region, resize)
        case "fill":
            return _padded(region, resize)
        case "exact":
            size = _whole(_target(_size(region), resize))
            return Geometry(region, size, size)


def _crop_box(source: Size, crop: Crop) -> Box:
    """Whole pixels, at least one each way."""
    left, right = _span(source[0], crop.left, crop.right)
    top, bottom = _span(source[1], crop.top, crop.bottom)
    return (left, top, right, bottom)


def _span(length: int, start: float, stop: float) -> tuple[int, int]:
    first = min(_round(length * start), length - 1)
    return first, max(first + 1, _round(length * stop))


def _contained(region: Size, resize: Resize) -> Size:
    wanted = [(w, have) for w, have in zip((resize.width, resize.height), region, strict=True) if w]
    scale = min(w / have for w, have in wanted)
    if not resize.enlarge:
        scale = min(scale, 1.0)
    return _whole((region[0] * scale, region[1] * scale))


def _covering(source: Size, region: Box, resize: Resize) -> Geometry:
    """The largest part of the region with the target's proportions, where focus or gravity want it."""
    have = _size(region)
    target = _target(have, resize)
    scale = max(target[0] / have[0], target[1] / have[1])
    shown = (min(target[0] / scale, have[0]), min(target[1] / scale, have[1]))
    left, top = _corner(source, region, shown, resize)
    box = (left, top, min(left + shown[0], region[2]), min(top + shown[1], region[3]))
    size = _whole(target)
    return Geometry(box, size, size, reach=region if resize.gravity == "entropy" else None)


def _corner(source: Size, region: Box, shown: tuple[float, float], resize: Resize) -> tuple[float, float]:
    """Left and top of what is shown of the region."""
    free = (region[2] - region[0] - shown[0], region[3] - region[1] - shown[1])
    if resize.focus is None:
        across, down = ANCHORS[resize.gravity]
        return region[0] + free[0] * across, region[1] + free[1] * down
    left = resize.focus.x * source[0] - shown[0] / 2 - region[0]
    top = resize.focus.y * source[1] - shown[1] / 2 - region[1]
    return region[0] + min(max(left, 0.0), free[0]), region[1] + min(max(top, 0.0), free[1])


def _padded(region: Box, resize: Resize) -> Geometry:
    scaled = _contained(_size(region), resize)
    canvas = _wanted(resize)
    across, down = ANCHORS[resize.gravity]
    offset = (_round((canvas[0] - scaled[0]) * across), _round((canvas[1] - scaled[1]) * down))
    return Geometry(region, scaled, canvas, offset)


def _target(region: Size, resize: Resize) -> tuple[float, float]:
    """The wanted size, made smaller in proportion when it would enlarge and may not."""
    width, height = _wanted(resize)
    shrink = 1.0 if resize.enlarge else min(region[0] / width, region[1] / height, 1.0)
    return (width * shrink, height * shrink)


def _wanted(resize: Resize) -> Size:
    """Both sides; the recipe's types promise them for every fit but contain."""
    return (resize.width or 1, resize.height or 1)


def _size(box: Box) -> Size:
    return _whole((box[2] - box[0], box[3] - box[1]))


def _whole(size: tuple[float, float]) -> Size:
    return (max(1, _round(size[0])), max(1, _round(size[1])))


def _round(value: float) -> int:
    """Half up: Python's round takes halves to even, which makes equal pictures differ by a pixel."""
    return floor(value + 0.5)
