"""A CSV data file: gzipped, without a header, columns as in the manifest, keys URL-encoded."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from batchkit.aws.inventory.rows import Row, damaged, listed
from batchkit.aws.inventory.stream import CHUNK_BYTES, Stream, chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.inventory.manifest import File, Inventory
    from batchkit.aws.objects import Objects
    from batchkit.planning.selection import Listed

# gzip's own errors are OSErrors, and EOFError when the file is cut short.
_DAMAGED = (OSError, EOFError, zlib.error, csv.Error, ValueError)


def read(objects: Objects, inventory: Inventory, file: File) -> Iterator[Listed]:
    """The objects of one data file, line by line. Raises DataError for a file that is not as it should be."""
    columns = tuple(name.strip() for name in inventory.schema.split(","))
    stream = io.BufferedReader(Stream(chunks(objects, inventory, file)), CHUNK_BYTES)
    with damaged(inventory, file, *_DAMAGED), gzip.open(stream) as unzipped:
        lines = csv.reader(io.TextIOWrapper(unzipped, "utf-8", newline=""))
        for number, values in enumerate(lines, 1):
            try:
                one = listed(_row(dict(zip(columns, values, strict=True)), inventory.source))
            except (ValueError, KeyError) as error:
                raise ValueError(f"line {number}: {error}") from error
            if one is not None:
                yield one


def _row(values: dict[str, str], bucket: str) -> Row:
    size, modified = values.get("Size"), values.get("LastModifiedDate")
    return Row(
        bucket=values.get("Bucket") or bucket,
        key=unquote_plus(values["Key"], errors="strict"),
        etag=values.get("ETag", ""),
        size=int(size) if size else None,
        modified=int(datetime.fromisoformat(modified).timestamp()) if modified else None,
        is_latest=values.get("IsLatest", "true").lower() == "true",
        is_delete_marker=values.get("IsDeleteMarker", "false").lower() == "true",
    )
