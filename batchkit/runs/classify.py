"""What of a source is up to date, as the ledger or the metadata of its outputs say: the worker's own rule,
asked before.

Many sources at a time, answered in their order, in constant memory.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from batchkit.aws.listing import Requests
from batchkit.aws.objects import Head, Objects
from batchkit.errors import Rejected
from batchkit.planning.states import Outcome
from batchkit.worker import freshness
from batchkit.worker.publish import DIGEST, ETAG
from batchkit.worker.shard import Work
from batchkit.worker.targets import Target, targets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from batchkit.planning.manifest import Source
    from batchkit.recipe import Recipe
    from batchkit.worker.assignment import Place

    Settled = Callable[[Source], Collection[str]]

# As many connections as a client keeps (`aws.clients.CONNECTIONS`).
THREADS = 32

# Sources under way: enough that a slow one at the front does not hold up the threads.
AHEAD = 8 * THREADS

# The run of no output: what an earlier run made is fresh, whichever run it was.
_NO_RUN = ""


class State(StrEnum):
    """What a source is, or one of its tasks."""

    NEW = "new"
    STALE_SOURCE = "stale_source"
    STALE_RECIPE = "stale_recipe"
    FRESH = "fresh"


@dataclass(frozen=True)
class Verdict:
    """A source, its `tasks` narrowed down to those that are to be made, and why."""

    source: Source
    state: State


class Records(Protocol):
    """The ledger, as far as it is asked here."""

    def items(self, bucket: str, key: str) -> list[dict[str, Any]]:
        """The items of one source."""
        ...


class Classifier:
    """Looks at the records of sources, and at their outputs. `place` says where those are.

    With `records` an item that the ledger has as made counts as made, and one request answers for all tasks
    of a source; its outputs are asked for the rest. Without, the outputs are asked for all: that finds
    those that somebody deleted. `settled` looks into the ledger for tasks of a source that are to be left
    alone, only where it is not fresh. `asked` counts the questions to the ledger, `looked` the HEADs.
    """

    def __init__(
        self,
        objects: Objects,
        recipe: Recipe,
        place: Place,
        *,
        records: Records | None = None,
        settled: Settled | None = None,
        threads: int = THREADS,
    ) -> None:
        self._objects = objects
        self._recipe = recipe
        self._place = place
        self._records = records
        self._settled = settled
        self.asked, self.looked = Requests(), Requests()
        self._threads = threads

    def classify(self, sources: Iterable[Source]) -> Iterator[Verdict]:
        """A verdict for each source that is not settled, in order.

        Raises Throttled, PermissionDenied or ConfigError.
        """
        rest = iter(sources)
        pool = ThreadPoolExecutor(self._threads, "classify")
        try:
            waiting: deque[Future[Verdict | None]] = deque()
            for source in islice(rest, AHEAD):
                waiting.append(pool.submit(self._judge, source))
            while waiting:
                if verdict := waiting.popleft().result():
                    yield verdict
                for source in islice(rest, 1):
                    waiting.append(pool.submit(self._judge, source))
        finally:
            pool.shutdown(cancel_futures=True)

    def look(self, source: Source) -> Verdict:
        """What is to be made of one source: a query of the ledger, a HEAD for each task that it does not
        have as made, and one where the source's etag is unknown.

        What the worker would refuse (another source's output in its place, a key too long, a source
        that is gone) counts as to be made: the run records it.
        """
        wanted = [t for t in self._recipe.tasks if not source.tasks or t.name in source.tasks]
        found, refused = targets(self._recipe, self._place, Work(source, tuple(wanted)))
        states = self._states(source, found) | dict.fromkeys(refused, State.NEW)
        stale = tuple(task.name for task in wanted if states[task.name] is not State.FRESH)
        tasks = () if len(stale) == len(self._recipe.tasks) else stale
        return Verdict(msgspec.structs.replace(source, tasks=tasks), _worst(set(states.values())))

    def _judge(self, source: Source) -> Verdict | None:
        """The verdict on the tasks that are not settled; None where nothing is to be done because all are."""
        verdict = self.look(source)
        if self._settled is None or verdict.state is State.FRESH:
            return verdict
        self.asked.add()
        settled = self._settled(source)
        if not settled:
            return verdict
        names = source.tasks or tuple(task.name for task in self._recipe.tasks)
        left = tuple(name for name in names if name not in settled)
        return self.look(msgspec.structs.replace(source, tasks=left)) if left else None

    def _states(self, source: Source, found: Iterable[Target]) -> dict[str, State]:
        made = self._made(source)
        head = Head(source.bucket, source.key, source.etag, source.size, 0)
        if made:
            head = self._identified(head)
        rest = [target for target in found if not _is_recorded(made.get(target.task.name), target, head)]
        outputs = [self._head(self._place.bucket, target.key) for target in rest]
        if any(outputs):
            head = self._identified(head)
        states = {t.task.name: _state(output, t, head) for t, output in zip(rest, outputs, strict=True)}
        return {target.task.name: State.FRESH for target in found} | states

    def _made(self, source: Source) -> dict[str, Mapping[str, Any]]:
        """The items of a source that have an output, by task, as far as the ledger is believed."""
        if self._records is None:
            return {}
        self.asked.add()
        items = self._records.items(source.bucket, source.key)
        return {item["task"]: item for item in items if item["outcome"] in (Outcome.DONE, Outcome.FRESH)}

    def _identified(self, source: Head) -> Head:
        """The source with its etag, which a file of keys does not give."""
        return source if source.etag else self._head(source.bucket, source.key) or source

    def _head(self, bucket: str, key: str) -> Head | None:
        self.looked.add()
        return self._objects.head(bucket, key)


def _is_recorded(item: Mapping[str, Any] | None, target: Target, source: Head) -> bool:
    """The ledger's word that this very output was made of these bytes."""
    if item is None or not source.etag:
        return False
    made = (item["etag"], item["digest"], item["output"])
    return bool(made == (source.etag, target.digest, target.key))


def _state(output: Head | None, target: Target, source: Head) -> State:
    try:
        if freshness.judge(output, target, source, _NO_RUN) is not None:
            return State.FRESH
    except Rejected:
        return State.NEW
    if output is None or DIGEST not in output.metadata:
        return State.NEW
    return State.STALE_RECIPE if output.metadata.get(ETAG) == source.etag else State.STALE_SOURCE


def _worst(states: set[State]) -> State:
    """A source with some outputs and without others was made by a recipe of fewer tasks."""
    if len(states) == 1:
        return next(iter(states))
    return State.STALE_SOURCE if State.STALE_SOURCE in states else State.STALE_RECIPE
