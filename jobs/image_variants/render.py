"""One decode, many variants: each from the smallest picture that is good enough.

header -> decode once -> the densest variant -> the smaller ones -> filters -> bytes
          (JPEG scaled)   (upright, sRGB)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from batchkit.errors import Rejected
from image_variants import colour, encode, filters, pyramid
from image_variants.geometry import Box, Geometry, measure
from image_variants.header import Source, decoding
from image_variants.orientation import stored_box, swap, turn
from image_variants.spec import WHITE, Limits, Variant

LANCZOS = Image.Resampling.LANCZOS
# Pillow averages whole pixels first, down to this many times the wanted size, before the LANCZOS filter.
REDUCING_GAP = 3.0


@dataclass(frozen=True)
class Rendered:
    """An encoded variant and its size in pixels."""

    variant: Variant
    body: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Refused:
    """A variant that cannot be made from this source."""

    variant: Variant
    reason: Rejected


@dataclass(frozen=True)
class Decoded:
    """The decoded pixels as they lie in the file, at 1/`scale` of its size."""

    source: Source
    image: Image.Image
    scale: int
    profile: bytes | None

    def cut(self, geometry: Geometry) -> Image.Image:
        """The geometry's picture: resized first, then made upright and sRGB, when it has few pixels."""
        box = stored_box(geometry.box, self.source.size, self.source.orientation)
        size = swap(geometry.scaled, self.source.orientation)
        left, top, right, bottom = (edge / self.scale for edge in box)
        resized = self.image.resize(size, LANCZOS, (left, top, right, bottom), REDUCING_GAP)
        return colour.plain(turn(resized, self.source.orientation), self.profile)


def render(source: Source, variants: Sequence[Variant], limits: Limits) -> Iterator[Rendered | Refused]:
    """Every variant, as soon as it is ready. Raises Rejected when the source cannot be decoded."""
    possible: list[tuple[Variant, Geometry]] = []
    for variant in variants:
        geometry = measure(source.size, variant.crop, variant.resize)
        try:
            encode.check_size(geometry.canvas, variant.format, limits.max_pixels)
        except Rejected as reason:
            yield Refused(variant, reason)
        else:
            possible.append((variant, geometry))
    for index, picture in pictures(source, [geometry for _, geometry in possible]):
        yield _finish(picture, *possible[index])


def pictures(source: Source, geometries: Sequence[Geometry]) -> Iterator[tuple[int, Image.Image]]:
    """The unfiltered picture of each geometry, with its place in the sequence, densest first."""
    if not geometries:
        return
    steps = pyramid.order(geometries)
    from_source = max(position for position, step in enumerate(steps) if step.parent is None)
    decoded = decode(source, pyramid.dct_scale(geometries))
    made: dict[int, Image.Image] = {}
    for position, step in enumerate(steps):
        geometry = geometries[step.index]
        if step.parent is None:
            made[step.index] = decoded.cut(geometry)
        else:
            box = pyramid.inside(geometries[step.parent], geometry)
            made[step.index] = _shrink(made[step.parent], box, geometry)
        if position == from_source:
            # The largest block of memory, not needed while the variants are encoded.
            decoded.image.close()
        yield step.index, made[step.index]


def decode(source: Source, scale: int) -> Decoded:
    """All pixels of the source, once; a JPEG at 1/`scale` of its size. Raises Rejected."""
    image = source.image
    with decoding(source.format):
        scale = _draft(source, scale)
        image.load()
        profile = image.info.get("icc_profile")
        return Decoded(source, colour.resizable(image), scale, profile)


def _draft(source: Source, scale: int) -> int:
    """Let libjpeg scale while it decodes; the scale that will be had, 1 when there is no such thing."""
    if scale == 1 or source.format != "JPEG" or min(source.stored) < scale:
        return 1
    width, height = source.stored
    source.image.draft(None, (width // scale, height // scale))
    return scale


def _shrink(parent: Image.Image, box: Box, geometry: Geometry) -> Image.Image:
    if box == (0, 0, *parent.size) and geometry.scaled == parent.size:
        return parent
    return parent.resize(geometry.scaled, LANCZOS, box, REDUCING_GAP)


def _finish(picture: Image.Image, variant: Variant, geometry: Geometry) -> Rendered | Refused:
    """Filters, then padding and background, then bytes."""
    try:
        picture = filters.apply(picture, variant.filters)
    except Rejected as reason:
        return Refused(variant, reason)
    if geometry.canvas != geometry.scaled:
        picture = colour.pad(picture, geometry.canvas, geometry.offset, variant.background or WHITE)
    elif variant.background not in {None, "transparent"}:
        picture = colour.flatten(picture, variant.background)
    return Rendered(variant, encode.encode(picture, variant), picture.width, picture.height)
