"""The objects that an S3 Inventory lists, read in constant memory.

CSV files are gzipped, without a header, and their keys are URL-encoded; Parquet files (the extra
`inventory`) hold plain keys. An inventory of all versions has columns for them: only a latest version that
is no delete marker is a source. (S3 User Guide, "Amazon S3 Inventory list".)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.aws.inventory import csv_file, parquet_file
from batchkit.aws.inventory.manifest import read_manifest
from batchkit.aws.objects import url
from batchkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.objects import Objects
    from batchkit.planning.selection import Listed

READERS = {"CSV": csv_file.read, "Parquet": parquet_file.read}


def list_inventory(objects: Objects, bucket: str, key: str) -> Iterator[Listed]:
    """The objects of the inventory whose manifest.json is `key`, but folder markers; in the files' order.

    Raises DataError for files that are missing, damaged or not as the manifest says (a file that was
    changed is known for sure at its end only), and MissingExtra for Parquet without pyarrow.
    """
    inventory = read_manifest(objects, bucket, key)
    if inventory.format not in READERS:
        raise DataError(
            f"the inventory {url(bucket, key)} has a format that is not read",
            found=inventory.format,
            expected=" or ".join(READERS),
            fix="choose CSV in the bucket's inventory configuration",
        )
    for file in inventory.files:
        yield from READERS[inventory.format](objects, inventory, file)
