"""A Parquet data file (the extra `inventory`): columns in snake case, keys as they are."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from batchkit.aws.inventory.rows import Row, damaged, listed
from batchkit.aws.inventory.stream import chunks
from batchkit.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.aws.inventory.manifest import File, Inventory
    from batchkit.aws.objects import Objects
    from batchkit.planning.selection import Listed

COLUMNS = ("bucket", "key", "e_tag", "size", "last_modified_date", "is_latest", "is_delete_marker")

BATCH_ROWS = 10_000


def read(objects: Objects, inventory: Inventory, file: File) -> Iterator[Listed]:
    """The objects of one data file, some thousand rows at a time. Raises DataError for a damaged file.

    Parquet is read from its end, so the file is copied to local disk first.
    """
    pyarrow, parquet = _pyarrow()
    causes = (pyarrow.ArrowException, OSError, KeyError)
    with tempfile.TemporaryFile() as copy, damaged(inventory, file, *causes):
        copy.writelines(chunks(objects, inventory, file))
        content = parquet.ParquetFile(copy)
        columns = [name for name in COLUMNS if name in content.schema_arrow.names]
        for batch in content.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            for values in batch.to_pylist():
                one = listed(_row(values, inventory.source))
                if one is not None:
                    yield one


def _pyarrow() -> tuple[Any, Any]:
    """The package and its module for Parquet. Raises MissingExtra."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ModuleNotFoundError as error:
        raise MissingExtra("reading a Parquet inventory", "inventory", "pyarrow") from error


def _row(values: Mapping[str, Any], bucket: str) -> Row:
    return Row(
        bucket=values.get("bucket") or bucket,
        key=values["key"],
        etag=values.get("e_tag") or "",
        size=values.get("size"),
        modified=_seconds(values.get("last_modified_date")),
        is_latest=values.get("is_latest") is not False,
        is_delete_marker=values.get("is_delete_marker") is True,
    )


def _seconds(moment: datetime | None) -> int | None:
    """Timestamps of a file that names no zone are in UTC."""
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
