"""Sources that a file of keys names more than once: found on disk, in constant memory but for a bit a line.

The identity of each source (bucket, key) becomes 16 bytes of hash, so that equal ones are equal
sources; hashes are dealt out to files by their last bits, and one file at a time is small enough to be
looked through.
"""

from __future__ import annotations

import hashlib
import struct
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from batchkit.aws.objects import url
from batchkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from batchkit.planning.manifest import Source
    from batchkit.planning.selection import Listed

# A file of a million sources' hashes then holds 16,000.
FILES = 64

_RECORD = struct.Struct("<16sQQ")


@dataclass
class Repeats:
    """Which of the sources of a file, by their position in it, were named before; and how many.

    `differing` are those that ask for other tasks than the first of their name: nobody can say what is meant.
    """

    count: int = 0
    differing: set[int] = field(default_factory=set)
    _bits: bytearray = field(default_factory=bytearray)

    def add(self, position: int) -> None:
        """Note that the source at this position was named before."""
        byte, bit = divmod(position, 8)
        self._bits.extend(bytes(max(byte + 1 - len(self._bits), 0)))
        self._bits[byte] |= 1 << bit
        self.count += 1

    def __contains__(self, position: int) -> bool:
        byte, bit = divmod(position, 8)
        return byte < len(self._bits) and bool(self._bits[byte] >> bit & 1)

    def without(self, listed: Iterable[Listed]) -> Iterator[Listed]:
        """The first of each name. Raises DataError for one that is named again with other tasks."""
        for position, one in enumerate(listed):
            if position in self.differing:
                raise _differing(one.source)
            if position not in self:
                yield one


def find(listed: Iterable[Listed], folder: Path) -> Repeats:
    """What is named more than once, with temporary files in `folder`."""
    repeats = Repeats()
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile(dir=folder)) for _ in range(FILES)]
        _deal(listed, files)
        for file in files:
            _look_through(file, repeats)
    return repeats


def _deal(listed: Iterable[Listed], files: Sequence[IO[bytes]]) -> None:
    for position, (source, *_) in enumerate(listed):
        name = f"{source.bucket}\0{source.key}"
        hashed = hashlib.blake2b(name.encode(), digest_size=16).digest()
        tasks = hash(frozenset(source.tasks)) & 0xFFFF_FFFF_FFFF_FFFF
        files[hashed[-1] % FILES].write(_RECORD.pack(hashed, position, tasks))


def _look_through(file: IO[bytes], repeats: Repeats) -> None:
    file.seek(0)
    first: dict[bytes, int] = {}
    for hashed, position, tasks in _RECORD.iter_unpack(file.read()):
        if hashed not in first:
            first[hashed] = tasks
        elif first[hashed] == tasks:
            repeats.add(position)
        else:
            repeats.differing.add(position)


def _differing(source: Source) -> DataError:
    return DataError(
        f"{url(source.bucket, source.key)} is named twice, with different tasks",
        found=", ".join(source.tasks) or "all tasks, the second time",
        expected="one line with all tasks that are wanted",
        fix='join the lines of this key, or leave "tasks" out',
    )
