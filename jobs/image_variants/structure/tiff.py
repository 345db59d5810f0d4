"""TIFF: directories of entries (tag, type, count, value or its place), each naming the next one's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from image_variants.structure.limits import MAX_ENTRIES, MAX_STRIPS, too_large, too_many

# Bytes of one value, by type (TIFF 6.0 and BigTIFF); a type that nobody knows counts as one byte.
SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
STRIP_OFFSETS, TILE_OFFSETS = 273, 324


@dataclass(frozen=True)
class Layout:
    """Bytes of an offset, of the number of entries, of an entry, and of the type and count in it."""

    order: Literal["little", "big"]
    offset: int
    number: int
    entry: int

    def read(self, body: bytes, position: int, size: int) -> int:
        """An unsigned number; 0 beyond the end."""
        return int.from_bytes(body[position : position + size], self.order)


def check(body: bytes, _max_pixels: int, max_frames: int) -> int:
    """See `structure.check`. A loop of directories ends the count."""
    order: Literal["little", "big"] = "little" if body[:2] == b"II" else "big"
    big = body[2:4] in {b"+\x00", b"\x00+"}
    layout = Layout(order, 8, 8, 20) if big else Layout(order, 4, 2, 12)
    seen: set[int] = set()
    entries = 0
    position = layout.read(body, layout.offset, layout.offset)
    while 0 < position < len(body) and position not in seen and len(seen) <= max_frames:
        seen.add(position)
        number = layout.read(body, position, layout.number)
        entries += number
        if entries > MAX_ENTRIES:
            raise too_many("entries in directories", MAX_ENTRIES)
        position = _directory(body, position, number, layout)
    return max(1, len(seen))


def _directory(body: bytes, position: int, number: int, layout: Layout) -> int:
    """The place of the next directory. Values share no bytes, so together they cannot outgrow the file."""
    start = position + layout.number
    end = start + layout.entry * number
    total = 0
    for at in range(start, min(end, len(body)), layout.entry):
        tag, kind = layout.read(body, at, 2), layout.read(body, at + 2, 2)
        count = layout.read(body, at + 4, layout.offset)
        if tag in {STRIP_OFFSETS, TILE_OFFSETS} and count > MAX_STRIPS:
            raise too_many("strips or tiles", MAX_STRIPS)
        total += count * SIZES.get(kind, 1)
    if total > len(body):
        raise too_large("values in a directory", total, len(body))
    return layout.read(body, end, layout.offset)
