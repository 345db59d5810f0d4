"""PNG: chunks (length, name, data, checksum)."""

from __future__ import annotations

from image_variants.structure.limits import MAX_CHUNKS, too_many

SIGNATURE = 8
# Of a chunk, beside its data.
FRAME = 12


def check(body: bytes, _max_pixels: int, _max_frames: int) -> int:
    """See `structure.check`. Frames are left to the reader, which finds their number in a chunk."""
    position, chunks = SIGNATURE, 0
    while position + FRAME <= len(body):
        chunks += 1
        if chunks > MAX_CHUNKS:
            raise too_many("chunks", MAX_CHUNKS)
        position += FRAME + int.from_bytes(body[position : position + 4], "big")
    return 1
