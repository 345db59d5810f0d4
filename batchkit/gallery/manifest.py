"""The sources of a bulk run, without the packages that Lambda has not (`runs/manifests.py` has them)."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.aws.objects import Objects, url
from batchkit.errors import DataError
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterator

OFFSET_BYTES = 8
# Some 3 MB of lines.
BLOCK_SOURCES = 20_000


@dataclass(frozen=True)
class Source:
    """An object; `size` in bytes, 0 where the run did not know it."""

    bucket: str
    key: str
    etag: str = ""
    size: int = 0


def sources(objects: Objects, artifacts: str, run: str, count: int) -> Iterator[Source]:
    """All sources of a run in order, two requests for each block. Raises DataError for a damaged manifest."""
    for first in range(0, count, BLOCK_SOURCES):
        number = min(BLOCK_SOURCES, count - first)
        start, stop = _offsets(objects, artifacts, run, first, number)
        for line in _range(objects, artifacts, names.manifest_key(run), start, stop).splitlines():
            yield _source(line, run)


def _offsets(objects: Objects, artifacts: str, run: str, first: int, number: int) -> tuple[int, int]:
    begin, end = first * OFFSET_BYTES, (first + number + 1) * OFFSET_BYTES
    index = _range(objects, artifacts, names.index_key(run), begin, end)
    if len(index) != end - begin:
        raise _damaged(run, f"an index that ends at source {first + len(index) // OFFSET_BYTES}")
    return struct.unpack_from("<Q", index)[0], struct.unpack_from("<Q", index, len(index) - OFFSET_BYTES)[0]


def _range(objects: Objects, artifacts: str, key: str, first: int, stop: int) -> bytes:
    found = objects.get_range(artifacts, key, first, stop)
    if found is None:
        raise DataError(f"a part of a run is missing: {url(artifacts, key)}", found="no such object")
    return found.body


def _source(line: bytes, run: str) -> Source:
    try:
        given = json.loads(line)
        return Source(given["bucket"], given["key"], given.get("etag", ""), given.get("size", 0))
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(run, f"a line that is no source: {error}") from error


def _damaged(run: str, found: str) -> DataError:
    return DataError(
        f"the manifest of the run '{run}' cannot be read", found=found, fix="submit the run again"
    )
