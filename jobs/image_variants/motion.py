"""An animation that stays one: each frame goes the way of a picture; variants are encoded at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image

from batchkit.errors import Rejected
from image_variants import colour
from image_variants.header import Source, decoding
from image_variants.plan import Plan, Use
from image_variants.render import Decoded, Refused, Rendered, encoded, finish, pictures
from image_variants.resizers import Resizer
from image_variants.spec import Frame, Limits, Variant

# What browsers make of a frame that is to be shown for no time, or nearly none.
SHORTEST, INSTEAD = 20, 100


def animate(
    source: Source, plan: Plan, variants: Sequence[Variant], limits: Limits, resizer: Resizer
) -> Iterator[Rendered | Refused]:
    """Every variant with all frames of the source. Raises Rejected when one of these cannot be decoded."""
    for place, reason in plan.refused:
        yield Refused(variants[place], reason)
    if not plan.cuts:
        return
    _check_pixels(source, limits)
    made, bad, loops = _frames(source, plan, variants, resizer)
    for cut in plan.cuts:
        for use in cut.uses:
            variant = variants[use.place]
            yield bad.get(use.place) or _encode(made.pop(use.place), loops, variant)


def _check_pixels(source: Source, limits: Limits) -> None:
    pixels = source.size[0] * source.size[1] * source.frames
    if pixels > limits.max_animation_pixels:
        raise Rejected(
            "TooManyPixels",
            f"{source.frames:,} frames have {pixels:,} pixels; "
            f"the limit of an animation is {limits.max_animation_pixels:,}",
        )


def _frames(
    source: Source, plan: Plan, variants: Sequence[Variant], resizer: Resizer
) -> tuple[dict[int, list[Frame]], dict[int, Refused], int]:
    """By place: the finished frames, or why there are none; and how often the source is shown, 0 for ever."""
    made: dict[int, list[Frame]] = {use.place: [] for cut in plan.cuts for use in cut.uses}
    bad: dict[int, Refused] = {}
    for decoded, milliseconds in _decoded(source):
        settled = []
        for cut, picture in pictures(decoded, plan, resizer):
            settled.append(cut)
            for use in cut.uses:
                if use.place not in bad:
                    done = _finish(picture, use, variants[use.place], milliseconds)
                    _keep(done, use.place, made, bad)
        # Where most is to be seen is found in the first frame, or the picture would jump.
        plan = replace(plan, cuts=tuple(settled))
    return made, bad, int(source.image.info.get("loop", 1))


def _decoded(source: Source) -> Iterator[tuple[Decoded, int]]:
    """Each frame as it is shown (the reader lays it over those before), and for how long."""
    image = source.image
    to_srgb = colour.to_srgb(image.info.get("icc_profile"))
    for number in range(source.frames):
        with decoding(source.format):
            image.seek(number)
            frame = image.copy()
            shown = float(image.info.get("duration", 0))
        yield Decoded(colour.resizable(frame), to_srgb), round(shown) if shown >= SHORTEST else INSTEAD


def _finish(picture: Image.Image, use: Use, variant: Variant, milliseconds: int) -> Frame | Refused:
    try:
        return Frame(finish(picture, use, variant), milliseconds)
    except Rejected as reason:
        return Refused(variant, reason)


def _keep(done: Frame | Refused, place: int, made: dict[int, list[Frame]], bad: dict[int, Refused]) -> None:
    if isinstance(done, Refused):
        bad[place] = done
    else:
        made[place].append(done)


def _encode(frames: list[Frame], loops: int, variant: Variant) -> Rendered | Refused:
    try:
        return encoded(frames, loops, variant)
    except Rejected as reason:
        return Refused(variant, reason)
