"""Pictures into bytes, and the search for the quality whose bytes are few enough.

Nothing is written but pixels: no metadata, no profile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Annotated, Literal, Protocol

from msgspec import Meta
from PIL import Image

from batchkit.errors import Rejected
from image_variants.spec import Encoded, Frame

Animation = Literal["first", "keep"]
Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
Quality = Annotated[int, Meta(ge=1, le=100)]
Bytes = Annotated[int, Meta(ge=100)]

# Below this a picture is an insult, and hardly any smaller.
LEAST_QUALITY = 10
# Near enough to the wanted bytes that no better quality is looked for.
NEAR = 0.95


class Lossy(Protocol):
    """A variant whose bytes depend on a quality."""

    @property
    def quality(self) -> int:
        """The best that is wanted."""
        ...

    @property
    def max_bytes(self) -> int | None:
        """The most bytes that are wanted."""
        ...


def fitted(variant: Lossy, encode: Callable[[int], bytes]) -> Encoded:
    """The bytes at the variant's quality or, if they are too many, at the best that keeps within max_bytes.

    The range of qualities is halved each time: with the first, it encodes at most eight times. Raises
    Rejected.
    """
    body = encode(variant.quality)
    if variant.max_bytes is None or len(body) <= variant.max_bytes:
        return Encoded(body, variant.quality)
    return _search(variant.max_bytes, variant.quality, encode)


def _search(limit: int, too_much: int, encode: Callable[[int], bytes]) -> Encoded:
    found: Encoded | None = None
    least, smallest = min(LEAST_QUALITY, too_much), 0
    enough = least - 1
    while too_much - enough > 1:
        quality = (enough + too_much) // 2
        body = encode(quality)
        if len(body) > limit:
            too_much, smallest = quality, len(body)
            continue
        enough, found = quality, Encoded(body, quality)
        if len(body) >= NEAR * limit:
            break
    if found is None:
        raise Rejected(
            "TooManyBytes",
            f"{smallest:,} bytes even at quality {least}; the variant's max_bytes is {limit:,}",
        )
    return found


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    """One picture as a file of Pillow's format `kind`."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def save_all(frames: Sequence[Frame], kind: str, **options: object) -> bytes:
    """All pictures as one file; without a word of time and loops if it is one only."""
    first, *others = (frame.image for frame in frames)
    if not others:
        options = {name: value for name, value in options.items() if name not in {"loop", "disposal"}}
        return save(first, kind, **options)
    times = [frame.milliseconds for frame in frames]
    return save(first, kind, save_all=True, append_images=others, duration=times, **options)
