"""A plan in words, for `batchkit preview --explain`: one row a step, in the order of doing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from image_variants import memory
from image_variants.geometry import Box, Size
from image_variants.making import Request, parts
from image_variants.orientation import swap
from image_variants.plan import Cut, Part, Plan
from image_variants.render import Refused, decode_safely
from image_variants.resizers import Resizer
from image_variants.spec import Variant

Row = dict[str, str]


def explain(request: Request, resizer: Resizer) -> list[Row]:
    """Rows of step, from, size and how. A JPEG is decoded where its detail decides. Raises Rejected."""
    rows: list[Row] = []
    for found in parts(request, resizer):
        if isinstance(found, Refused):
            rows.append(_row(found.variant.name, "", "", str(found.reason)))
        else:
            rows += _part(found, request)
    return rows


def _part(part: Part, request: Request) -> Iterator[Row]:
    plan = part.plan
    yield _source(part)
    if plan.cuts and (part.apart or not plan.safe):
        plan, _ = decode_safely(part, request.limits, request.memory)
    if plan.cuts:
        yield _decode(part, plan, request.memory)
    yield from _cuts(plan, part.variants, part.resizer)
    for place, reason in plan.refused:
        yield _row(part.variants[place].name, "", "", str(reason))


def _source(part: Part) -> Row:
    source = part.source
    notes = [source.format, source.image.mode]
    if source.image.info.get("progressive"):
        notes.append("progressive")
    if source.image.info.get("icc_profile"):
        notes.append("with a colour profile")
    if source.orientation > 1:
        notes.append(f"to be turned (EXIF orientation {source.orientation})")
    if source.frames > 1:
        kind = "frames" if source.moving else "pages"
        notes.append(
            f"all {source.frames} frames" if part.moving else f"{source.page} of {source.frames} {kind}"
        )
    return _row("source", "", _size(source.stored), ", ".join(notes))


def _decode(part: Part, plan: Plan, allowed: int | None) -> Row:
    done = replace(part, plan=plan)
    needed = memory.need(done)
    notes = [] if plan.scale == 1 else [f"at 1/{plan.scale} of its size"]
    if plan.scale < part.plan.scale:
        notes.append(f"a second time: at 1/{part.plan.scale} its sharp details would suffer")
    elif part.apart and not done.apart:
        notes.append("a second time: its sharp colours would suffer")
    if done.apart:
        notes.append("luma and chroma apart")
    of = "" if allowed is None else f" of {allowed / memory.MB:,.0f}"
    notes.append(f"needs about {needed / memory.MB:,.0f}{of} MB")
    return _row("decode", "source", _size(plan.decoded), ", ".join(notes))


def _cuts(plan: Plan, variants: Sequence[Variant], resizer: Resizer) -> Iterator[Row]:
    names = [variants[cut.uses[0].place].name for cut in plan.cuts]
    for name, cut in zip(names, plan.cuts, strict=True):
        above = "decode" if cut.parent is None else names[cut.parent]
        whole = plan.decoded if cut.parent is None else _upright(plan.cuts[cut.parent], plan)
        yield _row(name, above, _size(_upright(cut, plan)), _how(cut, whole, plan, resizer))
        for use in cut.uses[1:]:
            yield _row(variants[use.place].name, name, _size(use.canvas), "the same picture")


def _how(cut: Cut, whole: Size, plan: Plan, resizer: Resizer) -> str:
    notes = [resizer.name]
    if cut.reach is not None:
        notes.append("where most is to be seen")
    elif not _all(cut.box, whole):
        notes.append("of " + " ".join(f"{edge:.6g}" for edge in cut.box))
    if cut.parent is None and plan.orientation > 1:
        notes.append("then turned")
    return ", ".join(notes)


def _upright(cut: Cut, plan: Plan) -> Size:
    return swap(cut.size, plan.orientation) if cut.parent is None else cut.size


def _all(box: Box, whole: Size) -> bool:
    """Whether the box is the whole picture, up to the pixel by which libjpeg rounds up."""
    return box[0] <= 0 and box[1] <= 0 and box[2] > whole[0] - 1 and box[3] > whole[1] - 1


def _size(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


def _row(step: str, above: str, size: str, how: str) -> Row:
    return {"step": step, "from": above, "size": size, "how": how}
