"""GIF: a stream of blocks; image descriptors are the frames."""

from __future__ import annotations

from image_variants.structure.limits import MAX_COMMENTS, too_large

IMAGE, EXTENSION, COMMENT, END = 0x2C, 0x21, 0xFE, 0x3B


def check(body: bytes, _max_pixels: int, max_frames: int) -> int:
    """See `structure.check`. A stream that is cut off ends the count."""
    position = 13 + _colour_table(body, 10)
    frames = comments = 0
    while position < len(body) and frames <= max_frames:
        block = body[position]
        if block == IMAGE:
            frames += 1
            position = _skip(body, position + 11 + _colour_table(body, position + 9))
        elif block == EXTENSION:
            end = _skip(body, position + 2)
            if body[position + 1 : position + 2] == bytes([COMMENT]):
                comments += end - position
            position = end
        elif block == END:
            break
        else:
            position += 1
        if comments > MAX_COMMENTS:
            raise too_large("comments", comments, MAX_COMMENTS)
    return max(1, frames)


def _colour_table(body: bytes, position: int) -> int:
    """The bytes of the colour table that the flags at `position` announce."""
    flags = body[position] if position < len(body) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip(body: bytes, position: int) -> int:
    """Where the sub-blocks that begin here end."""
    while position < len(body) and body[position]:
        position += 1 + body[position]
    return position + 1
