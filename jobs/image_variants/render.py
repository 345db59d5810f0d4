"""A plan carried out: one decode, then each picture from what the plan names, then filters, then bytes.

header -> plan -> decode once -> cuts -> filters -> bytes
                  (JPEG scaled)  (upright, sRGB)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from batchkit.errors import Rejected
from image_variants import colour, encode, filters
from image_variants.header import Source, decoding
from image_variants.orientation import turn
from image_variants.plan import Cut, Plan, Use, make_plan
from image_variants.resizers import Resizer, fastest
from image_variants.spec import WHITE, Limits, Variant


@dataclass(frozen=True)
class Rendered:
    """An encoded variant, its size in pixels, and who resized it."""

    variant: Variant
    body: bytes
    width: int
    height: int
    resizer: str


@dataclass(frozen=True)
class Refused:
    """A variant that cannot be made from this source."""

    variant: Variant
    reason: Rejected


@dataclass(frozen=True)
class Decoded:
    """The decoded pixels as they lie in the file, and their ICC profile."""

    image: Image.Image
    profile: bytes | None


def render(
    source: Source, variants: Sequence[Variant], limits: Limits, resizer: Resizer | None = None
) -> Iterator[Rendered | Refused]:
    """Every variant, as soon as it is ready. Raises Rejected when the source cannot be decoded."""
    plan, chosen = make_plan(source, variants, limits), resizer or fastest()
    for place, reason in plan.refused:
        yield Refused(variants[place], reason)
    for cut, picture in pictures(source, plan, chosen):
        for use in cut.uses:
            yield _finish(picture, use, variants[use.place], chosen.name)


def pictures(source: Source, plan: Plan, resizer: Resizer) -> Iterator[tuple[Cut, Image.Image]]:
    """The unfiltered picture of each cut, upright and sRGB; each is kept no longer than others need it."""
    if not plan.cuts:
        return
    decoded = decode(source, plan)
    made: dict[int, Image.Image] = {}
    for number, cut in enumerate(plan.cuts):
        if cut.parent is None:
            resized = resizer.resize(decoded.image, cut.size, cut.box)
            made[number] = colour.plain(turn(resized, plan.orientation), decoded.profile)
        else:
            made[number] = resizer.resize(made[cut.parent], cut.size, cut.box)
        if number == plan.last_use(None):
            # The largest block of memory, not needed while the variants are encoded.
            decoded.image.close()
        elif cut.parent is not None and number == plan.last_use(cut.parent):
            del made[cut.parent]
        yield cut, made[number]


def decode(source: Source, plan: Plan) -> Decoded:
    """All pixels of the source, once; a JPEG at the plan's scale. Raises Rejected."""
    image = source.image
    with decoding(source.format):
        if plan.scale > 1:
            width, height = source.stored
            image.draft(None, (width // plan.scale, height // plan.scale))
        image.load()
        profile = image.info.get("icc_profile")
        return Decoded(colour.resizable(image), profile)


def _finish(picture: Image.Image, use: Use, variant: Variant, resizer: str) -> Rendered | Refused:
    """Filters, then padding and background, then bytes."""
    try:
        filtered = filters.apply(picture, variant.filters)
    except Rejected as reason:
        return Refused(variant, reason)
    if use.canvas != filtered.size:
        filtered = colour.pad(filtered, use.canvas, use.offset, variant.background or WHITE)
    elif variant.background not in {None, "transparent"}:
        filtered = colour.flatten(filtered, variant.background)
    body = encode.encode(filtered, variant)
    return Rendered(variant, body, filtered.width, filtered.height, resizer)
