"""Sources of one run that would overwrite each other's outputs: found on disk, in constant memory.

Each mark of a source becomes 8 bytes of hash; hashes are dealt out to files by their last bits, so that
equal ones meet in the same file, and one file at a time is small enough to be looked through.
"""

from __future__ import annotations

import struct
from contextlib import ExitStack
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from batchkit.aws.objects import url
from batchkit.errors import DataError
from batchkit.planning.collisions import is_injective, marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from batchkit.job import Task
    from batchkit.planning.manifest import Source
    from batchkit.runs.spool import Joined, Spool

    Marker = Callable[[str], tuple[str, ...]]

# A file of a million marks' hashes then holds 16,000.
FILES = 64

# How many pairs an error names.
MAX_PAIRS = 10

_RECORD = struct.Struct("<qQ")


def check(spool: Spool | Joined, template: str, tasks: Sequence[Task], buckets: int) -> None:
    """Raises DataError, with the pairs, when sources of the run (from `buckets` buckets) collide."""
    if buckets <= 1 and is_injective(template, tasks):
        return
    pairs = list(islice(find(spool, marker(template, tasks)), MAX_PAIRS))
    if not pairs:
        return
    shown = [f"{_url(one)} and {_url(other)}" for one, other in pairs]
    more = ["…"] if len(pairs) == MAX_PAIRS else []
    raise DataError(
        "sources of the run would overwrite each other's outputs",
        found="\n            ".join(shown + more),
        expected="one source for each output",
        fix="put {dir}/{name} into [output] key and deploy, or leave sources out with --exclude",
    )


def find(spool: Spool | Joined, marks: Marker) -> Iterator[tuple[Source, Source]]:
    """Pairs of different sources with a mark in common."""
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile(dir=spool.folder)) for _ in range(FILES)]
        _deal(spool, marks, files)
        for file in files:
            for first, second in _suspects(file):
                one, other = spool.source(first), spool.source(second)
                same = (one.bucket, one.key) == (other.bucket, other.key)
                if not same and not set(marks(one.key)).isdisjoint(marks(other.key)):
                    yield one, other


def _deal(spool: Spool | Joined, marks: Marker, files: Sequence[IO[bytes]]) -> None:
    writes, pack = [file.write for file in files], _RECORD.pack
    for number, source in enumerate(spool.sources()):
        for mark in marks(source.key):
            # Python's own: keyed by process, and quick. Who makes two equal has made one comparison more.
            hashed = hash(mark)
            writes[hashed % FILES](pack(hashed, number))


def _suspects(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Sources whose hashes are equal: each with the first of its kind."""
    file.seek(0)
    seen: dict[int, int] = {}
    for hashed, number in _RECORD.iter_unpack(file.read()):
        first = seen.setdefault(hashed, number)
        if first != number:
            yield first, number


def _url(source: Source) -> str:
    return url(source.bucket, source.key)
