"""The bytes of an inventory's data file, chunk by chunk, checked against its MD5 sum."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from batchkit.aws.inventory.manifest import check_md5
from batchkit.aws.objects import url
from batchkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

    from batchkit.aws.inventory.manifest import File, Inventory
    from batchkit.aws.objects import Objects

# Each chunk is asked for again by itself when it breaks off: a file of gigabytes is no matter of luck.
CHUNK_BYTES = 8 * 2**20


class Stream(io.RawIOBase):
    """Chunks of bytes as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        """As io.RawIOBase has it: 0 only at the end, so an empty chunk is passed over."""
        while not self._held:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._held = memoryview(chunk)
        target = memoryview(buffer)
        count = min(len(target), len(self._held))
        target[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


def chunks(objects: Objects, inventory: Inventory, file: File) -> Iterator[bytes]:
    """The file's bytes. Raises DataError when it is missing, not of its size, or its sum is another."""
    name, md5 = url(inventory.bucket, file.key), hashlib.md5(usedforsecurity=False)
    for first in range(0, file.size, CHUNK_BYTES):
        part = objects.get_range(inventory.bucket, file.key, first, min(first + CHUNK_BYTES, file.size))
        if part is None or part.size != file.size:
            raise DataError(
                f"{name} is not the file that the inventory's manifest names",
                found="no object" if part is None else f"{part.size} bytes",
                expected=f"{file.size} bytes",
                fix="use an inventory whose files are still there",
            )
        md5.update(part.body)
        yield part.body
    if file.md5:
        check_md5(name, md5.hexdigest(), file.md5)
