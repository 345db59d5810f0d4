"""manifest.json of an S3 Inventory names data files and their MD5 sums; manifest.checksum holds its own."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec

from batchkit.aws.objects import Objects, url
from batchkit.errors import DataError

CHECKSUM = "manifest.checksum"


class File(msgspec.Struct, frozen=True):
    """One data file: key in the inventory's bucket, size in bytes, MD5 in hex ("" where not said)."""

    key: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    md5: str = msgspec.field(name="MD5checksum", default="")


class Inventory(msgspec.Struct, frozen=True):
    """A manifest.json: the bucket that it lists, and the files that lie in `bucket`."""

    source: str = msgspec.field(name="sourceBucket")
    destination: str = msgspec.field(name="destinationBucket")
    format: str = msgspec.field(name="fileFormat")
    schema: str = msgspec.field(name="fileSchema")
    files: tuple[File, ...]

    @property
    def bucket(self) -> str:
        """The manifest has the bucket's ARN."""
        return self.destination.rpartition(":")[2]


def read_manifest(objects: Objects, bucket: str, key: str) -> Inventory:
    """Raises DataError when it is missing, changed since it was written, or no manifest of an inventory."""
    stored = objects.get(bucket, key)
    if stored is None:
        raise DataError("there is no inventory", found=f"no object {url(bucket, key)}")
    checksum = objects.get(bucket, key.rpartition("/")[0] + "/" + CHECKSUM)
    if checksum is not None:
        check_md5(url(bucket, key), _md5(stored.body), checksum.body.decode("ascii", "replace").strip())
    try:
        return msgspec.json.decode(stored.body, type=Inventory)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            f"{url(bucket, key)} is not the manifest of an inventory",
            found=str(error),
            expected="manifest.json as S3 Inventory writes it",
        ) from error


def check_md5(name: str, found: str, expected: str) -> None:
    """Raises DataError unless the sums, in hex, are the same."""
    if found != expected.lower():
        raise DataError(
            f"{name} is not what S3 Inventory wrote",
            found=f"MD5 {found}",
            expected=f"MD5 {expected}",
            fix="copy it again, or use the next inventory",
        )


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
