"""The order of work: which picture each variant is made from, and how far JPEG may be scaled while decoding.

The rules are measured: luma SSIM against a full decode and one LANCZOS resize. A resize from a picture with
at least twice the needed pixels is as good as one from the source. A scale of 1/2 keeps 0.990 of finely
textured photos if a quarter more is left than needed; of text and line drawings 0.96, and 0.99 only if twice
as much is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from image_variants.detail import Detail
from image_variants.geometry import Box, Geometry

# By detail: DCT scale 1/s → how many times the needed pixels must remain after it.
SAFE_OVERSAMPLING: Mapping[Detail, Mapping[int, float]] = {
    "photo": {8: 4.0, 4: 2.0, 2: 1.25},
    "sharp": {8: 16.0, 4: 8.0, 2: 2.0},
}
ENOUGH = 2.0
EPSILON = 1e-6


@dataclass(frozen=True)
class Step:
    """Make the picture of `geometry` from that of step number `parent`, where its box lies `inside` and its
    reach is `reach`; or from the source (all None)."""

    geometry: Geometry
    parent: int | None = None
    inside: Box | None = None
    reach: Box | None = None


def dct_scale(geometries: Sequence[Geometry], detail: Detail) -> int:
    """The largest safe scale divisor (8, 4, 2 or 1) for decoding a JPEG of that detail for all of these."""
    need = max(max(g.density) for g in geometries)
    for scale, oversampling in SAFE_OVERSAMPLING[detail].items():
        if 1 / scale >= oversampling * need - EPSILON:
            return scale
    return 1


def order(geometries: Sequence[Geometry]) -> list[Step]:
    """Densest first, each from the smallest picture before it that is good enough, else from the source.

    No two of the geometries may be equal.
    """
    steps: list[Step] = []
    for geometry in sorted(geometries, key=lambda g: -max(g.density)):
        before = [at for at, step in enumerate(steps) if good_enough(step.geometry, geometry)]
        parent = min(before, key=lambda at: _pixels(steps[at].geometry), default=None)
        steps.append(Step(geometry) if parent is None else _from(steps[parent].geometry, parent, geometry))
    return steps


def _from(parent: Geometry, number: int, child: Geometry) -> Step:
    reach = None if child.reach is None else inside(parent, child.reach)
    return Step(child, number, inside(parent, child.box), reach)


def good_enough(parent: Geometry, child: Geometry) -> bool:
    """Whether the child can be made from the parent's picture: one with pixels to spare that shows it all."""
    left, top, right, bottom = child.box
    shown = (right - left) * parent.density[0], (bottom - top) * parent.density[1]
    # 533 lines were rounded down, 267 up: one pixel less than twice as many is as good.
    spare = all(have >= ENOUGH * need - 1 for have, need in zip(shown, child.scaled, strict=True))
    # An enlarged picture has more pixels, but not more to see than the source.
    real = max(parent.density) <= 1 + EPSILON
    # Where the parent will lie is not known before its box is found.
    return spare and real and parent.reach is None and _contains(parent.box, child.reach or child.box)


def inside(parent: Geometry, box: Box) -> Box:
    """A box of the source in the pixels of the parent's picture."""
    across, down = parent.density
    left, top = parent.box[0], parent.box[1]
    width, height = parent.scaled
    return (
        max(0.0, (box[0] - left) * across),
        max(0.0, (box[1] - top) * down),
        min(float(width), (box[2] - left) * across),
        min(float(height), (box[3] - top) * down),
    )


def _contains(outer: Box, inner: Box) -> bool:
    return (
        outer[0] <= inner[0] + EPSILON
        and outer[1] <= inner[1] + EPSILON
        and outer[2] >= inner[2] - EPSILON
        and outer[3] >= inner[3] - EPSILON
    )


def _pixels(geometry: Geometry) -> int:
    return geometry.scaled[0] * geometry.scaled[1]
