"""The manifest of a run: one source a line, and an index of byte offsets.

`manifest.jsonl` holds JSON Lines; `manifest.idx` holds n + 1 little-endian uint64: the offset at which
each source's line starts, and the end. A child reads 8·(k + 1) bytes of the index and then one range
of lines: neither memory nor requests grow with the run.
"""

from __future__ import annotations

import struct
from itertools import accumulate, islice
from typing import TYPE_CHECKING

import msgspec

from batchkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OFFSET_BYTES = 8

# Enough that a chunk costs nothing beside its lines, and some 100 KB.
CHUNK_SOURCES = 512


class Source(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """An object to process. `key` is raw; `size` in bytes; `tasks` names a subset (of a retry)."""

    bucket: str
    key: str
    etag: str = ""
    size: int = 0
    tasks: tuple[str, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Source)


def write(sources: Iterable[Source]) -> Iterator[tuple[bytes, bytes]]:
    """Chunks of (manifest, index): whole lines and their offsets, and a last one that closes the index.

    Constant memory.
    """
    remaining, offset = iter(sources), 0
    while part := [_encoder.encode(source) + b"\n" for source in islice(remaining, CHUNK_SOURCES)]:
        *starts, end = accumulate(map(len, part), initial=offset)
        yield b"".join(part), struct.pack(f"<{len(starts)}Q", *starts)
        offset = end
    yield b"", struct.pack("<Q", offset)


def index_range(sources: range) -> tuple[int, int]:
    """The bytes [first, stop) of the index that hold the offsets of `sources` and of the one past them."""
    return sources.start * OFFSET_BYTES, (sources.stop + 1) * OFFSET_BYTES


def read_offsets(data: bytes, sources: range) -> tuple[int, int]:
    """The bytes [first, stop) of the manifest that hold `sources`. Raises DataError."""
    expected = (len(sources) + 1) * OFFSET_BYTES
    if len(data) != expected:
        raise DataError(
            "the manifest's index is cut short or not an index",
            found=f"{len(data)} bytes for sources {sources.start}..{sources.stop - 1}",
            expected=f"{expected} bytes",
            fix="submit the run again",
        )
    first, stop = struct.unpack_from("<Q", data)[0], struct.unpack_from("<Q", data, expected - 8)[0]
    if first > stop:
        raise DataError(
            "the manifest's index does not ascend",
            found=f"{first} before {stop}",
            expected="offsets in order",
        )
    return first, stop


def check_index_size(size: int, sources: int) -> None:
    """Raises DataError when an index of `size` bytes cannot be the one of a run of `sources`."""
    expected = (sources + 1) * OFFSET_BYTES
    if size != expected:
        raise DataError(
            "the manifest's index does not agree with the run's number of sources",
            found=f"{size} bytes",
            expected=f"{expected} bytes for {sources} sources",
            fix="submit the run again",
        )


def read(lines: bytes, count: int) -> tuple[Source, ...]:
    """The sources of a range of lines. Raises DataError unless there are `count` good ones."""
    try:
        sources = tuple(_decoder.decode(line) for line in lines.splitlines())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(
            "a line of the manifest is not a source", found=str(error), expected='{"bucket", "key", …}'
        ) from error
    if len(sources) != count:
        raise DataError(
            "the manifest's lines do not agree with its index",
            found=f"{len(sources)} sources",
            expected=count,
        )
    return sources
