"""The order of work: which picture each variant is made from, and how far JPEG may be scaled while decoding.

The rules are measured (luma SSIM against a full decode and one LANCZOS resize). Of photos a DCT scale
of 1/2 keeps 0.990 even where not one pixel is to spare, but of text and other pictures that are sharp
to the pixel only 0.974; with a quarter more pixels than needed these keep 0.989 and photos 0.995. A scale
of 1/4 needs twice and 1/8 four times the pixels. A resize from a picture with at least twice the needed
pixels is as good as one from the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from image_variants.geometry import Box, Geometry

# DCT scale 1/s → how many times the needed pixels must remain after it.
SAFE_OVERSAMPLING = {8: 4.0, 4: 2.0, 2: 1.25}
ENOUGH = 2.0
EPSILON = 1e-6


@dataclass(frozen=True)
class Step:
    """Make the picture of `geometry` from that of step number `parent`, where it lies `inside`; or from the
    source (both None)."""

    geometry: Geometry
    parent: int | None = None
    inside: Box | None = None


def dct_scale(geometries: Sequence[Geometry]) -> int:
    """The largest safe scale divisor (8, 4, 2 or 1) for decoding a JPEG for all of these."""
    need = max(max(g.density) for g in geometries)
    for scale, oversampling in SAFE_OVERSAMPLING.items():
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
        place = None if parent is None else inside(steps[parent].geometry, geometry)
        steps.append(Step(geometry, parent, place))
    return steps


def good_enough(parent: Geometry, child: Geometry) -> bool:
    """Whether the child can be made from the parent's picture: one with pixels to spare that shows it all."""
    have, need = parent.density, child.density
    spare = have[0] >= ENOUGH * need[0] - EPSILON and have[1] >= ENOUGH * need[1] - EPSILON
    return spare and _contains(parent.box, child.box)


def inside(parent: Geometry, child: Geometry) -> Box:
    """The child's box in the pixels of the parent's picture."""
    across, down = parent.density
    left, top = parent.box[0], parent.box[1]
    width, height = parent.scaled
    return (
        max(0.0, (child.box[0] - left) * across),
        max(0.0, (child.box[1] - top) * down),
        min(float(width), (child.box[2] - left) * across),
        min(float(height), (child.box[3] - top) * down),
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
