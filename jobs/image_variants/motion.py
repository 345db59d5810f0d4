"""An animation that stays one: each frame goes the way of a picture; variants are encoded at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PIL import Image

from batchkit.errors import Rejected
from image_variants import colour
from image_variants.header import Source, check_animation, decoding
from image_variants.plan import Part, Use
from image_variants.render import Decoded, Refused, Rendered, encoded, finish, pictures
from image_variants.spec import Frame, Limits, Variant

# What browsers make of a frame that is to be shown for no time, or nearly none.
SHORTEST, INSTEAD = 20, 100
# What a GIF can say: hundredths of a second, and repetitions, in 16 bits each.
LONGEST, MOST_LOOPS = 655_350, 65_535


def animate(part: Part, limits: Limits) -> Iterator[Rendered | Refused]:
    """Every variant with all frames of the source. Raises Rejected when one of these cannot be decoded."""
    variants = part.variants
    for place, reason in part.plan.refused:
        yield Refused(variants[place], reason)
    if not part.plan.cuts:
        return
    check_animation(part.source.size, part.source.frames, limits)
    made, bad, loops = _frames(part)
    for cut in part.plan.cuts:
        for use in cut.uses:
            variant = variants[use.place]
            yield bad.get(use.place) or _encode(made.pop(use.place), loops, variant)


def _frames(part: Part) -> tuple[dict[int, list[Frame]], dict[int, Refused], int]:
    """By place: the finished frames, or why there are none; and how often the source is shown, 0 for ever."""
    source, plan = part.source, part.plan
    made: dict[int, list[Frame]] = {use.place: [] for cut in plan.cuts for use in cut.uses}
    bad: dict[int, Refused] = {}
    for decoded, milliseconds in _decoded(source):
        settled = []
        for cut, picture in pictures(decoded, plan, part.resizer):
            settled.append(cut)
            for use in cut.uses:
                if use.place not in bad:
                    done = _finish(picture, use, part.variants[use.place], milliseconds)
                    _keep(done, use.place, made, bad)
        # Where most is to be seen is found in the first frame, or the picture would jump.
        plan = replace(plan, cuts=tuple(settled))
    return made, bad, _showings(source)


def _showings(source: Source) -> int:
    """How often the animation is shown, 0 for ever. A GIF counts repetitions, and says nothing if there are
    none; the others count showings."""
    said = source.image.info.get("loop")
    if source.format == "GIF":
        said = 1 if said is None else int(said) + 1 if said else 0
    return min(1 if said is None else int(said), MOST_LOOPS)


def _decoded(source: Source) -> Iterator[tuple[Decoded, int]]:
    """Each frame as it is shown (the reader lays it over those before), and for how long."""
    image = source.image
    to_srgb = colour.to_srgb(image.info.get("icc_profile"))
    for number in range(source.frames):
        with decoding(source.format):
            image.seek(number)
            frame = image.copy()
            shown = float(image.info.get("duration", 0))
        yield Decoded(colour.resizable(frame), to_srgb), _milliseconds(shown)


def _milliseconds(shown: float) -> int:
    return round(min(shown, LONGEST)) if shown >= SHORTEST else INSTEAD


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
