"""How many pictures a file holds, counted without decoding any and never further than a limit.

Pillow counts GIF and TIFF frames by walking all of them, however many there are; PNG, WebP and AVIF
say the number in their header.
"""

from __future__ import annotations

from typing import Literal

from PIL import Image


def count(image: Image.Image, body: bytes, limit: int) -> int:
    """The number of frames; at most `limit` + 1, which stands for 'more'."""
    if image.format == "GIF":
        return _count_gif(body, limit)
    if image.format == "TIFF":
        return _count_tiff(body, limit)
    return min(int(getattr(image, "n_frames", 1)), limit + 1)


def _count_gif(body: bytes, limit: int) -> int:
    """Image descriptors of a GIF89a block stream; a stream that is cut off ends the count."""
    position = 13 + _colour_table(body, 10)
    frames = 0
    while position < len(body) and frames <= limit:
        block = body[position]
        if block == 0x2C:
            frames += 1
            position = _skip_sub_blocks(body, position + 11 + _colour_table(body, position + 9))
        elif block == 0x21:
            position = _skip_sub_blocks(body, position + 2)
        elif block == 0x3B:
            break
        else:
            position += 1
    return max(1, frames)


def _colour_table(body: bytes, position: int) -> int:
    """The bytes of the colour table that the flags at `position` announce."""
    flags = body[position] if position < len(body) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_sub_blocks(body: bytes, position: int) -> int:
    while position < len(body) and body[position]:
        position += 1 + body[position]
    return position + 1


def _count_tiff(body: bytes, limit: int) -> int:
    """Image file directories, each of which names the offset of the next; a loop ends the count."""
    order: Literal["little", "big"] = "little" if body[:2] == b"II" else "big"
    big = body[2:4] in {b"+\x00", b"\x00+"}
    offset, entries, entry = (8, 8, 20) if big else (4, 2, 12)
    seen: set[int] = set()
    position = int.from_bytes(body[offset : 2 * offset], order)
    while 0 < position < len(body) and position not in seen and len(seen) <= limit:
        seen.add(position)
        start = position + entries
        end = start + entry * int.from_bytes(body[position:start], order)
        position = int.from_bytes(body[end : end + offset], order)
    return max(1, len(seen))
