"""The gallery hears of a run: its sources, what the ledger knows of them, and into the files with it.

Nothing is taken from the event but the run's name: the ledger knows better, and also what came later.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from batchkit.errors import DataError
from batchkit.gallery import history, manifest
from batchkit.gallery.manifest import Source
from batchkit.gallery.records import Record, Run, record
from batchkit.gallery.updating import update
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from batchkit.aws.bus import Bus
    from batchkit.aws.ledger import Ledger
    from batchkit.aws.objects import Objects
    from batchkit.gallery.changing import Files
    from batchkit.gallery.due import Due

# Queries of the ledger at the same time.
THREADS = 8
# Sources that are looked up and written together, or those of one shelf: 10 MB of records.
BATCH_SOURCES = 2_000
# What a batch takes in the worst case, with time for the event about the rest.
BATCH_SECONDS = 180


@dataclass(frozen=True)
class Done:
    """What became of what was due: sources joined, spans sent on to others."""

    sources: int
    sent: int


class Curator:
    """Keeps one project's gallery."""

    def __init__(
        self, *, project: str, artifacts: str, ledger: Ledger, objects: Objects, bus: Bus, files: Files
    ) -> None:
        self._project = project
        self._artifacts = artifacts
        self._ledger = ledger
        self._objects = objects
        self._bus = bus
        self._files = files

    def update(self, due: Due, seconds_left: Callable[[], float]) -> Done:
        """Do what is due, or send it on in parts. Raises DataError for a run that nobody knows."""
        known = self._ledger.run(due.run)
        if known is None or "state" not in known:
            raise DataError(
                f"the ledger does not know the run '{due.run}'",
                expected="the run of an event of this project",
                fix="nothing, if somebody deleted it: the event ends among the dead letters",
            )
        if known["lane"] == "upload":
            return Done(self._join(due.run, known, [self._uploaded(known["source"])]), 0)
        spans = list(due.spans(known["sources"])) if due.is_whole else [due]
        if len(spans) > 1:
            return self._send(spans)
        return self._span(spans[0], known, seconds_left)

    def _span(self, due: Due, known: Mapping[str, Any], seconds_left: Callable[[], float]) -> Done:
        shelves: dict[int, list[Source]] = defaultdict(list)
        for source in manifest.sources(self._objects, self._artifacts, due.run, known["sources"]):
            shelf = names.gallery_shelf_number(names.source_id(source.bucket, source.key))
            if due.first <= shelf < due.stop:
                shelves[shelf].append(source)
        count = 0
        for first, batch in _batches(shelves, due):
            if first > due.first and seconds_left() < BATCH_SECONDS:
                return replace(self._send([replace(due, first=first)]), sources=count)
            count += self._join(due.run, known, batch)
        return Done(count, 0)

    def _send(self, spans: list[Due]) -> Done:
        self._bus.put(span.announcement(self._project) for span in spans)
        return Done(0, len(spans))

    def _join(self, run: str, known: Mapping[str, Any], sources: Iterable[Source]) -> int:
        runs = {run: history.shown(self._objects, self._artifacts, known)}
        return update(self._files, self._records(sources, runs))

    def _records(self, sources: Iterable[Source], runs: Mapping[str, Run]) -> Iterator[Record]:
        def look(source: Source) -> Record:
            items = self._ledger.items(source.bucket, source.key)
            return record(source.bucket, source.key, items, runs, size=source.size, etag=source.etag)

        with ThreadPoolExecutor(THREADS) as pool:
            yield from pool.map(look, sources)

    def _uploaded(self, url: str) -> Source:
        """An upload's source, with its size if it is still there."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        head = self._objects.head(bucket, key)
        return Source(bucket, key, head.etag if head else "", head.size if head else 0)


def _batches(shelves: Mapping[int, list[Source]], due: Due) -> Iterator[tuple[int, list[Source]]]:
    """The sources of a span in batches of whole shelves, each with the first of its shelves."""
    first, batch = due.first, list[Source]()
    for shelf in sorted(shelves):
        if batch and len(batch) + len(shelves[shelf]) > BATCH_SOURCES:
            yield first, batch
            first, batch = shelf, []
        batch += shelves[shelf]
    if batch:
        yield first, batch
