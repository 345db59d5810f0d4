"""What a row of an inventory means."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from batchkit.aws.objects import url
from batchkit.errors import DataError
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.inventory.manifest import File, Inventory


class Row(NamedTuple):
    """A version of an object. None and "" stand for what the inventory does not list."""

    bucket: str
    key: str
    etag: str = ""
    size: int | None = None
    modified: int | None = None
    is_latest: bool = True
    is_delete_marker: bool = False


def listed(row: Row) -> Listed | None:
    """The object; None for old versions, delete markers and folder markers."""
    if not row.is_latest or row.is_delete_marker or (row.key.endswith("/") and not row.size):
        return None
    # A source with an etag is one whose size is known.
    facts = ("", 0) if row.size is None else (row.etag, row.size)
    return Listed(Source(row.bucket, row.key, *facts), row.size, row.modified)


@contextmanager
def damaged(inventory: Inventory, file: File, *causes: type[Exception]) -> Iterator[None]:
    """Raise any of `causes` as DataError that names the file."""
    try:
        yield
    except causes as error:
        raise DataError(
            f"{url(inventory.bucket, file.key)} cannot be read as a part of the inventory",
            found=f"{type(error).__name__}: {error}",
            expected=f"{inventory.format} with the columns {inventory.schema}",
            fix="use the next inventory",
        ) from error
