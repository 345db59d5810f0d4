"""A run's manifest on local disk, before it goes to S3: written once, in order, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from batchkit.errors import DataError
from batchkit.planning import manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from batchkit.planning.manifest import Source

BLOCK_LINES = 1000


@dataclass(frozen=True)
class Spool:
    """The two files: `manifest` (JSON Lines) and `index` (offsets), as S3 will hold them."""

    manifest: Path
    index: Path

    @classmethod
    def within(cls, folder: Path) -> Spool:
        """The spool of one run in a folder that exists."""
        return cls(folder / "manifest.jsonl", folder / "manifest.idx")

    @property
    def folder(self) -> Path:
        return self.manifest.parent

    @property
    def length(self) -> int:
        """How many sources are in it, as its index says."""
        return self.index.stat().st_size // manifest.OFFSET_BYTES - 1

    def write(self, sources: Iterable[Source]) -> None:
        """Write all sources, in place of what was there."""
        with self.manifest.open("wb") as lines, self.index.open("wb") as offsets:
            for line, offset in manifest.write(sources):
                lines.write(line)
                offsets.write(offset)

    def sources(self) -> Iterator[Source]:
        """All sources, in order. Raises DataError for what is not a manifest."""
        with self.manifest.open("rb") as lines:
            while block := list(islice(lines, BLOCK_LINES)):
                yield from manifest.read(b"".join(block), len(block))

    def source(self, number: int) -> Source:
        """One source, found through the index. Raises DataError for a number that is not there."""
        one = range(number, number + 1)
        with self.index.open("rb") as offsets:
            first, stop = manifest.index_range(one)
            offsets.seek(first)
            first, stop = manifest.read_offsets(offsets.read(stop - first), one)
        with self.manifest.open("rb") as lines:
            lines.seek(first)
            return manifest.read(lines.read(stop - first), 1)[0]

    def check(self, sources: int) -> None:
        """Raises DataError unless the files are there, whole, and of a run of so many sources."""
        if not (self.manifest.is_file() and self.index.is_file()):
            raise DataError(
                "the plan's manifest is missing",
                found=f"not both of {self.manifest} and {self.index}",
                expected="the files that --save wrote beside the plan",
                fix="plan again",
            )
        manifest.check_index_size(self.index.stat().st_size, sources)
        with self.index.open("rb") as offsets:
            offsets.seek(sources * manifest.OFFSET_BYTES)
            end = int.from_bytes(offsets.read(), "little")
        size = self.manifest.stat().st_size
        if size != end:
            raise DataError(
                "the plan's manifest is cut short or was changed",
                found=f"{size:,} bytes in {self.manifest}",
                expected=f"{end:,} bytes, as its index says",
                fix="plan again",
            )


@dataclass(frozen=True)
class Joined:
    """Several spools, at least one, read as one of all their sources."""

    parts: Sequence[Spool]

    @property
    def folder(self) -> Path:
        return self.parts[0].folder

    def sources(self) -> Iterator[Source]:
        """All sources, part by part. Raises DataError for what is not a manifest."""
        return chain.from_iterable(part.sources() for part in self.parts)

    def source(self, number: int) -> Source:
        """One source, counted through all parts. Raises DataError for a number that is not there."""
        *before, last = self.parts
        for part in before:
            if number < part.length:
                return part.source(number)
            number -= part.length
        return last.source(number)
