"""WebP: the reader keeps two canvases of the size that an extended file announces: it is looked at before."""

from __future__ import annotations

from batchkit.errors import Rejected

# RIFF, its size, WEBP; then the first chunk: name, size, flags, reserved, width - 1, height - 1.
CHUNK, WIDTH, HEIGHT, END = 12, 24, 27, 30


def check(body: bytes, max_pixels: int, _max_frames: int) -> int:
    """See `structure.check`. Frames are left to the reader, which finds their number."""
    if body[CHUNK : CHUNK + 4] == b"VP8X" and len(body) >= END:
        width = 1 + int.from_bytes(body[WIDTH:HEIGHT], "little")
        height = 1 + int.from_bytes(body[HEIGHT:END], "little")
        if width * height > max_pixels:
            raise Rejected(
                "TooManyPixels",
                f"{width:,} x {height:,} = {width * height:,} pixels; the limit is {max_pixels:,}",
            )
    return 1
