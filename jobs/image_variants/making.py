"""From a file's bytes to its variants: one decode for all that show the same page, each planned before.

bytes -> structure -> header -> plan -> memory -> render, or animate
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from batchkit.errors import Rejected
from image_variants import header, memory, motion, render
from image_variants.header import Source
from image_variants.plan import Part, make_plan
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


def make(request: Request, resizer: Resizer) -> Iterator[Rendered | Refused]:
    """Every variant, as soon as it is ready. Raises Rejected when the source cannot be made into any."""
    for found in parts(request, resizer):
        if isinstance(found, Refused):
            yield found
            continue
        if found.moving:
            yield from motion.animate(found, request.limits)
        else:
            yield from render.render(found, request.limits, request.memory)


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
        yield _fitting(source, still, False, request, resizer)
    if moving:
        yield _fitting(source.again() if still else source, moving, True, request, resizer)


def _fitting(
    source: Source, variants: Sequence[Variant], moving: bool, request: Request, resizer: Resizer
) -> Part:
    plan = make_plan(source, variants, request.limits)
    part = Part(source, variants, plan, moving, resizer)
    memory.check(part, request.memory)
    return part
