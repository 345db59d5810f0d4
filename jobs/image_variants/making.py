"""From a file's bytes to its variants: one decode for all that show the same page, each planned before.

bytes -> structure -> header -> plan -> memory -> render, or animate
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from batchkit.errors import Rejected
from image_variants import header, memory, motion, render
from image_variants.header import Source
from image_variants.memory import Load
from image_variants.plan import Plan, make_plan
from image_variants.render import Refused, Rendered
from image_variants.resizers import Resizer
from image_variants.spec import Limits, Variant


@dataclass(frozen=True)
class Request:
    """All variants that are wanted of one file, and the bytes of memory that making them may take."""

    body: bytes = field(repr=False)
    variants: Sequence[Variant]
    limits: Limits
    memory: int | None = None


@dataclass(frozen=True)
class Part:
    """Variants of one page, which share one decode; `moving`: of all frames of an animation.

    `needed`: the bytes of memory that it takes.
    """

    source: Source
    variants: Sequence[Variant]
    plan: Plan
    moving: bool
    needed: int


def make(request: Request, resizer: Resizer) -> Iterator[Rendered | Refused]:
    """Every variant, as soon as it is ready. Raises Rejected when the source cannot be made into any."""
    for found in parts(request, resizer):
        if isinstance(found, Refused):
            yield found
            continue
        run = motion.animate if found.moving else render.render
        yield from run(found.source, found.plan, found.variants, request.limits, resizer)


def parts(request: Request, resizer: Resizer) -> Iterator[Part | Refused]:
    """What is decoded one after the other, planned and found to fit into the memory. Raises Rejected."""
    pages: dict[int, list[Variant]] = {}
    for variant in request.variants:
        pages.setdefault(variant.page, []).append(variant)
    for page, wanted in pages.items():
        try:
            source = header.read(request.body, request.limits, page=page)
        except Rejected as reason:
            if reason.error_class != "NoSuchPage":
                raise
            yield from (Refused(variant, reason) for variant in wanted)
            continue
        yield from _of_page(source, wanted, request, resizer)


def _of_page(source: Source, wanted: Sequence[Variant], request: Request, resizer: Resizer) -> Iterator[Part]:
    still = [variant for variant in wanted if not (variant.moves and source.moving)]
    moving = [variant for variant in wanted if variant.moves and source.moving]
    if still:
        plan = make_plan(source, still, request.limits)
        yield _fitting(Load(source, plan, still, False, resizer), request.memory)
    if moving:
        again = source.again() if still else source
        plan = make_plan(again, moving, request.limits)
        yield _fitting(Load(again, plan, moving, True, resizer), request.memory)


def _fitting(load: Load, allowed: int | None) -> Part:
    needed = memory.check(load, allowed)
    return Part(load.source, load.variants, load.plan, load.moving, needed)
