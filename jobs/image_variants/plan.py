"""What will be done with a source, as data: decided from its header, before a pixel is decoded.

    source ── decode at 1/scale ──► cut 0 (densest) ──► cut 1 ──► …
                                  └► cut 2 …

A cut is one picture and is made once, whatever number of variants it ends in. Every size comes from the
source's header; every box is in the pixels of what the cut is made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchkit.errors import Rejected
from image_variants import chroma, pyramid
from image_variants.detail import Detail
from image_variants.geometry import Box, Geometry, Size, measure
from image_variants.header import Source
from image_variants.orientation import stored_box, swap
from image_variants.resizers import Resizer
from image_variants.spec import Limits, Variant


@dataclass(frozen=True)
class Use:
    """The variant at `place` of the request is finished from a cut that lies at `offset` of its `canvas`."""

    place: int
    canvas: Size
    offset: tuple[int, int]


@dataclass(frozen=True)
class Cut:
    """One picture of `size`: the `box` of cut number `parent`, or of the decoded source (None).

    `box` and `size` are upright, but for a cut from the source: these are as the source is stored, and the
    picture is turned afterwards, when it has few pixels. With a `reach` the box is moved, anywhere in there,
    to where most is to be seen.
    """

    parent: int | None
    box: Box
    size: Size
    uses: tuple[Use, ...]
    reach: Box | None = None

    def keeps(self, size: Size) -> bool:
        """Whether it is all of a picture of that size, as it is."""
        return self.size == size and self.box == (0, 0, *size)


@dataclass(frozen=True)
class Plan:
    """For a source of that `detail`. `scale`: it is decoded at 1/scale of its size, `decoded` pixels as they
    are stored.

    The scale is `safe` for pictures of any detail, or for those of the plan's detail only: then the decoded
    picture must be looked at. `cuts` are in the order of making; `refused` are variants that cannot be, by
    place.
    """

    detail: Detail
    scale: int
    safe: bool
    decoded: Size
    orientation: int
    cuts: tuple[Cut, ...]
    refused: tuple[tuple[int, Rejected], ...]

    def last_use(self, cut: int | None) -> int:
        """The number of the last cut that is made from this one, or from the source (None); -1 for none."""
        return max((at for at, each in enumerate(self.cuts) if each.parent == cut), default=-1)


@dataclass(frozen=True)
class Part:
    """Variants of one page of a source, which share one decode by the plan; `moving`: all frames of it."""

    source: Source
    variants: Sequence[Variant]
    plan: Plan
    moving: bool
    resizer: Resizer

    @property
    def apart(self) -> bool:
        """Whether it is decoded into luma and chroma, and not into colours: not what is known to be sharp.

        At the edges of coloured text, luma beside halved chroma leaves the range of colours and is clipped.
        """
        is_sharp = self.plan.detail == "sharp"
        return not is_sharp and self.resizer.apart and chroma.apart(self.source, self.variants)


def make_plan(source: Source, variants: Sequence[Variant], limits: Limits, detail: Detail = "photo") -> Plan:
    """The plan for these variants of one source. Raises nothing: what cannot be made is in `refused`."""
    uses: dict[Geometry, list[Use]] = {}
    refused: list[tuple[int, Rejected]] = []
    for place, variant in enumerate(variants):
        geometry = measure(source.size, variant.crop, variant.resize)
        reason = _too_large(geometry.canvas, variant, limits.max_pixels)
        if reason is not None:
            refused.append((place, reason))
        else:
            use = Use(place, geometry.canvas, geometry.offset)
            uses.setdefault(geometry.picture, []).append(use)
    scale = _scale(source, list(uses), detail)
    steps = pyramid.order(list(uses))
    return Plan(
        detail=detail,
        scale=scale,
        safe=scale == _scale(source, list(uses), "sharp"),
        decoded=_decoded(source.stored, scale),
        orientation=source.orientation,
        cuts=tuple(_cut(source, scale, step, tuple(uses[step.geometry])) for step in steps),
        refused=tuple(refused),
    )


def _too_large(size: Size, variant: Variant, max_pixels: int) -> Rejected | None:
    """Why an output of that size cannot be, if so."""
    shown = f"{size[0]:,} x {size[1]:,}"
    if max(size) > variant.max_side:
        most = f"{variant.format} holds sides up to {variant.max_side:,} pixels"
        return Rejected("OutputTooLarge", f"{shown}; {most}")
    if size[0] * size[1] > max_pixels:
        return Rejected("OutputTooLarge", f"{shown} pixels; the limit is {max_pixels:,} in all")
    return None


def _scale(source: Source, geometries: Sequence[Geometry], detail: Detail) -> int:
    """How far libjpeg may scale while it decodes; 1 where there is no such thing."""
    if source.format != "JPEG" or not geometries:
        return 1
    scale = pyramid.dct_scale(geometries, detail)
    return scale if min(source.stored) >= scale else 1


def _decoded(stored: Size, scale: int) -> Size:
    """libjpeg rounds up."""
    return -(-stored[0] // scale), -(-stored[1] // scale)


def _cut(source: Source, scale: int, step: pyramid.Step, uses: tuple[Use, ...]) -> Cut:
    geometry = step.geometry
    if step.inside is not None:
        return Cut(step.parent, step.inside, geometry.scaled, uses, step.reach)
    return Cut(
        parent=None,
        box=_stored(source, scale, geometry.box),
        size=swap(geometry.scaled, source.orientation),
        uses=uses,
        reach=None if geometry.reach is None else _stored(source, scale, geometry.reach),
    )


def _stored(source: Source, scale: int, box: Box) -> Box:
    """A box of the upright source in the pixels that are decoded."""
    left, top, right, bottom = stored_box(box, source.size, source.orientation)
    return left / scale, top / scale, right / scale, bottom / scale
