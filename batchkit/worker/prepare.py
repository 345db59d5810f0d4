"""Before a source is computed: what must be made of it, and its bytes if anything must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.aws.objects import Head, Objects, url
from batchkit.errors import InternalError, Rejected, SourceChanging
from batchkit.worker import freshness
from batchkit.worker.publish import facts_of
from batchkit.worker.targets import Target, targets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from batchkit.job import Task
    from batchkit.planning.manifest import Source
    from batchkit.planning.records import Item
    from batchkit.recipe import Recipe
    from batchkit.worker.assignment import Place
    from batchkit.worker.items import Items
    from batchkit.worker.shard import Work
    from batchkit.worker.telemetry import Telemetry

# How often a source may change under the child's hands before it gives up on it.
ROUNDS = 5


@dataclass(frozen=True)
class Wanted:
    """A target to make; `exists` tells whether a former output of the same source is at its place."""

    target: Target
    exists: bool


@dataclass(frozen=True)
class Prepared:
    """A source's items that are final already, and what is to be made from which bytes."""

    work: Work
    settled: tuple[Item, ...]
    wanted: tuple[Wanted, ...] = ()
    source: Head | None = None
    body: bytes = b""


class Preparer:
    """Looks at sources and outputs and downloads what is needed. Runs beside the computing."""

    def __init__(
        self,
        *,
        objects: Objects,
        recipe: Recipe,
        place: Place,
        items: Items,
        telemetry: Telemetry,
        heads: Executor,
    ) -> None:
        self._objects = objects
        self._recipe = recipe
        self._place = place
        self._items = items
        self._telemetry = telemetry
        self._heads = heads

    def prepare(self, work: Work) -> Prepared:
        """Raises Throttled, PermissionDenied or ConfigError; trouble of this source alone becomes items."""
        with self._telemetry.timed("fetch"):
            try:
                return self._prepare(work)
            except (Rejected, InternalError) as error:
                return Prepared(work, self._bad(work.source, work.tasks, error))

    def _prepare(self, work: Work) -> Prepared:
        found, refused = targets(self._recipe, self._place, work)
        place = work.source.bucket, work.source.key
        for _ in range(ROUNDS):
            source, outputs = freshness.look(self._objects, self._heads, place, self._place.bucket, found)
            if source is None:
                raise gone(work)
            settled, wanted = self._sort(found, refused, source, outputs)
            prepared = self._download(work, settled, wanted, source)
            if prepared is not None:
                return prepared
        return Prepared(work, self._bad(source or work.source, work.tasks, changing()))

    def _download(
        self, work: Work, settled: tuple[Item, ...], wanted: tuple[Wanted, ...], source: Head
    ) -> Prepared | None:
        """None when the source is not what it was a moment ago."""
        if not wanted:
            return Prepared(work, settled)
        try:
            self._check_size(source)
            original = self._objects.get(source.bucket, source.key, etag=source.etag)
        except (Rejected, InternalError) as error:
            tasks = [one.target.task for one in wanted]
            return Prepared(work, settled + self._bad(source, tasks, error))
        if original is None:
            return None
        self._telemetry.add("BytesIn", len(original.body))
        return Prepared(work, settled, wanted, source, original.body)

    def _sort(
        self,
        found: Sequence[Target],
        refused: dict[str, Rejected],
        source: Head,
        outputs: Sequence[Head | None],
    ) -> tuple[tuple[Item, ...], tuple[Wanted, ...]]:
        settled = [self._items.bad(source, task, error) for task, error in refused.items()]
        wanted = []
        for target, output in zip(found, outputs, strict=True):
            try:
                outcome = freshness.judge(output, target, source, self._items.assignment.run)
            except Rejected as error:
                settled.append(self._items.bad(source, target.task.name, error))
                continue
            if output is None or outcome is None:
                wanted.append(Wanted(target, exists=output is not None))
            else:
                facts = facts_of(output)
                settled.append(
                    self._items.good(target, source, outcome=outcome, size=output.size, facts=facts)
                )
        return tuple(settled), tuple(wanted)

    def _check_size(self, source: Head) -> None:
        limit = self._place.max_bytes
        if limit and source.size > limit:
            raise Rejected("SourceTooBig", f"the source has {source.size} bytes, the limit is {limit}")

    def _bad(self, source: Source | Head, tasks: Sequence[Task], error: Exception) -> tuple[Item, ...]:
        return tuple(self._items.bad(source, task.name, error) for task in tasks)


def gone(work: Work) -> Rejected:
    """Why nothing can be made of a source that is not there any more."""
    return Rejected("SourceGone", f"{url(work.source.bucket, work.source.key)} is not there any more")


def changing() -> SourceChanging:
    """Why nothing was recorded of a source that never stood still."""
    return SourceChanging(
        "the source kept changing while it was processed",
        found=f"{ROUNDS} changes",
        expected="a source that is not overwritten every few seconds",
    )
