"""What a file says of its structure, checked before a reader works through it.

Readers spend time and memory on what a file announces: blocks by the million, a table of four billion
entries, a comment that is put together from scraps. Each format's file has a function `check`, which skips
through the file and gives up at a limit; a file that is merely broken is left to the reader.
"""

from __future__ import annotations

from importlib import import_module

FORMATS = ("gif", "jpeg", "png", "tiff", "webp")


def check(kind: str, body: bytes, max_pixels: int, max_frames: int) -> int:
    """The number of frames that the structure shows, at least 1 and at most `max_frames` + 1.

    `kind` as in `signatures.ACCEPTED`. Raises Rejected: TooManyBlocks, MetadataTooLarge, TooManyPixels.
    """
    if kind.lower() not in FORMATS:
        return 1
    frames: int = import_module(f"{__name__}.{kind.lower()}").check(body, max_pixels, max_frames)
    return frames
