"""A plan carried out: one decode, then each picture from what the plan names, then filters, then bytes.

header -> plan -> decode once -> cuts -> filters -> bytes
                  (JPEG scaled)  (upright, sRGB)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from batchkit.errors import Rejected
from image_variants import chroma, colour, detail, entropy, filters, memory
from image_variants.colour import ToSrgb
from image_variants.header import decoding
from image_variants.orientation import turn
from image_variants.plan import Cut, Part, Plan, Use, make_plan
from image_variants.resizers import Resizer
from image_variants.spec import WHITE, Frame, Limits, Variant


@dataclass(frozen=True)
class Rendered:
    """An encoded variant, its size in pixels, its quality and the findings that it asked for."""

    variant: Variant
    body: bytes
    width: int
    height: int
    quality: int | None
    findings: dict[str, str]


@dataclass(frozen=True)
class Refused:
    """A variant that cannot be made from this source."""

    variant: Variant
    reason: Rejected


@dataclass(frozen=True)
class Decoded:
    """The decoded pixels as they lie in the file, and what makes their colours sRGB."""

    image: Image.Image
    to_srgb: ToSrgb | None


def render(part: Part, limits: Limits, allowed: int | None = None) -> Iterator[Rendered | Refused]:
    """Every variant, as soon as it is ready; `allowed`: the bytes of memory, None for any number.

    Raises Rejected when the source cannot be decoded.
    """
    variants, resizer = part.variants, part.resizer
    for place, reason in part.plan.refused:
        yield Refused(variants[place], reason)
    if not part.plan.cuts:
        return
    plan, decoded = decode_safely(part, limits, allowed)
    for cut, picture in pictures(decoded, plan, resizer):
        for use in cut.uses:
            yield _finish(picture, use, variants[use.place])


def decode_safely(part: Part, limits: Limits, allowed: int | None = None) -> tuple[Plan, Decoded]:
    """The decoded source, and the plan that it was decoded by.

    Where the plan is not safe for every picture, the decoded one is looked at, and decoded again, at a larger
    scale or in colours, if it is too sharp: a photo hardly ever is, a page of text always. Raises Rejected,
    also when that would need more memory than is allowed.
    """
    decoded = decode(part)
    if part.plan.safe and not part.apart:
        return part.plan, decoded
    better = make_plan(part.source, part.variants, limits, detail.look(decoded.image))
    again = replace(part, plan=better)
    if (better.scale, again.apart) == (part.plan.scale, part.apart):
        return part.plan, decoded
    decoded.image.close()
    again = replace(again, source=part.source.again())
    memory.check(again, allowed)
    return better, decode(again)


def decode(part: Part) -> Decoded:
    """All pixels of the source, once; a JPEG at the plan's scale. Raises Rejected."""
    source, scale, apart = part.source, part.plan.scale, part.apart
    image = source.image
    with decoding(source.format):
        if scale > 1 or apart:
            width, height = source.stored
            image.draft(chroma.MODE if apart else None, (width // scale, height // scale))
        image.load()
        to_srgb = colour.to_srgb(image.info.get("icc_profile"))
        return Decoded(image if apart else colour.resizable(image), to_srgb)


def pictures(decoded: Decoded, plan: Plan, resizer: Resizer) -> Iterator[tuple[Cut, Image.Image]]:
    """The unfiltered picture of each cut, upright and sRGB; each is kept no longer than others need it.

    A cut with a reach comes back with the box that was found, and without the reach.
    """
    made: dict[int, Image.Image] = {}
    for number, planned in enumerate(plan.cuts):
        above = decoded.image if planned.parent is None else made[planned.parent]
        cut = _settled(planned, above)
        made[number] = above if cut.keeps(above.size) else resizer.resize(above, cut.size, cut.box)
        if cut.parent is None:
            made[number] = colour.plain(turn(made[number], plan.orientation), decoded.to_srgb)
        del above
        if number == plan.last_use(None) and all(kept is not decoded.image for kept in made.values()):
            # The largest block of memory, not needed while the variants are encoded.
            decoded.image.close()
        elif cut.parent is not None and number == plan.last_use(cut.parent):
            del made[cut.parent]
        yield cut, made[number]


def _settled(cut: Cut, image: Image.Image) -> Cut:
    if cut.reach is None:
        return cut
    return replace(cut, box=entropy.find(image, cut.box, cut.reach), reach=None)


def finish(picture: Image.Image, use: Use, variant: Variant) -> Image.Image:
    """Filters, then padding and background. Raises Rejected."""
    first = variant.filters[0] if variant.filters else variant
    # Handed over, not kept: the second filter needs the first one's result only.
    filtered = filters.apply(picture if first.takes_chroma else chroma.coloured(picture), variant.filters)
    if use.canvas != filtered.size:
        return colour.pad(filtered, use.canvas, use.offset, variant.background or WHITE)
    if variant.background not in {None, "transparent"}:
        return colour.flatten(filtered, variant.background)
    return filtered


def encoded(frames: Sequence[Frame], loops: int, variant: Variant) -> Rendered:
    """The finished pictures of a variant as its file; the findings are of the first. Raises Rejected."""
    first = frames[0].image
    made = variant.encode(frames, loops)
    found = _find(chroma.coloured(first), variant) if variant.facts else {}
    return Rendered(variant, made.body, first.width, first.height, made.quality, found)


def _find(image: Image.Image, variant: Variant) -> dict[str, str]:
    from image_variants import findings  # noqa: PLC0415  (brings numpy, which few ask for)

    return findings.find(image, variant.facts)


def _finish(picture: Image.Image, use: Use, variant: Variant) -> Rendered | Refused:
    try:
        return encoded([Frame(finish(picture, use, variant), 0)], 0, variant)
    except Rejected as reason:
        return Refused(variant, reason)
