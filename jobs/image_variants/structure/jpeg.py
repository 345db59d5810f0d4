"""JPEG: segments (a marker, a length) up to the first scan; then scans, each a pass over all pixels."""

from __future__ import annotations

from image_variants.structure.limits import MAX_SCANS, MAX_SEGMENTS, too_many

SCAN = b"\xff\xda"
# Markers without a length: fillers, restarts, the start of the image.
BARE = frozenset({0x01, 0xFF, *range(0xD0, 0xD9)})
# Frames whose pixels come in one scan if that has all components: baseline and extended Huffman.
SEQUENTIAL = frozenset({0xC0, 0xC1})
# Of a frame: where its number of components lies, behind the marker.
COMPONENTS = 9


def check(body: bytes, _max_pixels: int, _max_frames: int) -> int:
    """See `structure.check`. Always one frame."""
    first, components = _first_scan(body)
    # Behind a scan's header 0xff is followed by zero or a restart's number: only scans are found here.
    if _comes_in_parts(body, first, components) and body.count(SCAN, first) > MAX_SCANS:
        raise too_many("scans", MAX_SCANS)
    return 1


def comes_in_parts(body: bytes) -> bool:
    """Whether the pixels come in several scans, so that a decoder keeps all coefficients to the end.

    Raises Rejected: TooManyBlocks.
    """
    return _comes_in_parts(body, *_first_scan(body))


def _first_scan(body: bytes) -> tuple[int, int]:
    """Where it begins, -1 for nowhere; and the number of components of a sequential frame, 0 of any other."""
    position = segments = components = 0
    while (position := body.find(b"\xff", position)) >= 0 and body[position : position + 2] != SCAN:
        segments += 1
        if segments > MAX_SEGMENTS:
            raise too_many("segments before the first scan", MAX_SEGMENTS)
        if body[position + 1 : position + 2] and body[position + 1] in SEQUENTIAL:
            components = int.from_bytes(body[position + COMPONENTS : position + COMPONENTS + 1], "big")
        position += _length(body, position)
    return position, components


def _comes_in_parts(body: bytes, scan: int, components: int) -> bool:
    return scan >= 0 and (components == 0 or body[scan + 4 : scan + 5] != bytes([components]))


def _length(body: bytes, position: int) -> int:
    """The bytes of the segment whose marker begins here."""
    if body[position + 1 : position + 2] and body[position + 1] in BARE:
        return 1 if body[position + 1] == 0xFF else 2
    return 2 + max(2, int.from_bytes(body[position + 2 : position + 4], "big"))
