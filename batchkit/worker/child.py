"""One child, from its sources to its report.

    prefetch thread   look at the next source, download it if anything must be made of it
    lanes             make the outputs of a source each: as many threads as the child has processors
    put threads       write them to S3
    closing thread    of a source that was made: wait for its writes, then check that it is still the same
    ledger thread     record items, and now and then report how many
    main thread       hands sources from one to the next

With one lane the sources are made in their order; with more, none is begun before those in front of it.
At most one source waits for a lane, whatever their number.

No item is recorded before its source was seen, after the writes, with the very etag that was processed:
an output of older bytes may overwrite one of newer bytes, but then the child that wrote it notices, and
makes it anew. So whoever comes last, the last upload wins.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchkit.errors import EX_OK, BatchkitError, InternalError, Interrupted
from batchkit.worker.items import Items
from batchkit.worker.making import Made, Maker
from batchkit.worker.prepare import ROUNDS, Prepared, Preparer, changing, gone
from batchkit.worker.publish import Publisher
from batchkit.worker.recorder import Recorder
from batchkit.worker.reporter import Reporter
from batchkit.worker.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from batchkit.aws.ledger import Ledger
    from batchkit.aws.objects import Objects
    from batchkit.planning.records import Item
    from batchkit.recipe import Recipe
    from batchkit.worker.assignment import Assignment, Place
    from batchkit.worker.shard import Work
    from batchkit.worker.stop import Stop
    from batchkit.worker.telemetry import Telemetry

HEAD_THREADS = 8

# How long a stop may go unnoticed while the child waits for a download.
LISTEN_SECONDS = 0.1


@dataclass
class Threads:
    """The child's threads; none starts before it has work. `lanes`: sources made at the same time."""

    lanes: int = 1

    prefetch: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "prefetch"))
    heads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(HEAD_THREADS, "head"))
    making: ThreadPoolExecutor = field(init=False)
    closing: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "closing"))
    uploads: Uploads = field(default_factory=Uploads)

    def __post_init__(self) -> None:
        self.making = ThreadPoolExecutor(self.lanes, "lane")

    def close(self) -> None:
        """Wait for the writes; a download that nobody wants any more is left to end by itself."""
        self.prefetch.shutdown(wait=False, cancel_futures=True)
        self.heads.shutdown(wait=False, cancel_futures=True)
        self.making.shutdown()
        self.uploads.close()
        self.closing.shutdown()


@dataclass
class Closing:
    """A source whose outputs are being written; `items` will be None when the source changed meanwhile."""

    made: Made
    items: Future[tuple[Item, ...] | None]


class Child:
    """Does one assignment. Everything it needs is handed in."""

    def __init__(
        self,
        *,
        assignment: Assignment,
        place: Place,
        recipe: Recipe,
        objects: Objects,
        ledger: Ledger,
        telemetry: Telemetry,
        stop: Stop,
        threads: Threads | None = None,
    ) -> None:
        self._assignment = assignment
        self._place = place
        self._objects = objects
        self._telemetry = telemetry
        self._stop = stop
        self._threads = threads or Threads()
        self._items = Items(assignment, telemetry.now)
        self._reporter = Reporter(assignment, len(recipe.tasks), ledger, telemetry)
        self._recorder = Recorder(ledger, telemetry, self._reporter.send_if_due)
        self._preparer = Preparer(
            objects=objects,
            recipe=recipe,
            place=place,
            items=self._items,
            telemetry=telemetry,
            heads=self._threads.heads,
        )
        self._maker = Maker(
            job=recipe.job,
            items=self._items,
            publisher=Publisher(objects, place.bucket, assignment.run),
            uploads=self._threads.uploads,
            telemetry=telemetry,
            stop=stop,
        )
        self._closing: Closing | None = None

    def run(self, works: Sequence[Work]) -> int:
        """Do the work and return the exit code: 0 when every item has an outcome in the ledger.

        After AWS trouble or a stop it still records, and reports, what it can.
        """
        steps: tuple[Callable[[], None], ...] = (
            lambda: self._do(works),
            self._settle,
            self._recorder.flush,
            lambda: self._reporter.send(self._recorder.tally),
        )
        errors = [error for error in map(self._attempt, steps) if error is not None]
        self._threads.close()
        self._recorder.close()
        counts = self._recorder.tally.counts
        where = {"Project": self._place.project, "Lane": self._assignment.lane}
        self._telemetry.metrics(where, counts, publish=self._place.metrics)
        error = errors[0] if errors else self._unreached(sum(len(work.tasks) for work in works))
        return error.exit_code if error else EX_OK

    def _do(self, works: Sequence[Work]) -> None:
        making: set[Future[Made]] = set()
        try:
            for prepared in self._prefetched(works):
                making.add(self._threads.making.submit(self._maker.make, prepared))
                # Not to be kept alive while the next but one is downloaded.
                del prepared
                if len(making) == self._threads.lanes:
                    self._close_some(making)
        finally:
            while making:
                self._close_some(making)

    def _close_some(self, making: set[Future[Made]]) -> None:
        """Wait until a lane is free, and close what was made there."""
        made, _ = wait(making, return_when=FIRST_COMPLETED)
        for future in made:
            making.remove(future)
            self._settle()
            self._close(future.result())
            self._telemetry.add("Sources", 1)

    def _prefetched(self, works: Sequence[Work]) -> Iterator[Prepared]:
        """The prepared sources in order; while one is in use, the next one is being prepared."""
        upcoming: list[Future[Prepared]] = []
        for number in range(len(works)):
            current = upcoming.pop() if upcoming else self._prefetch(works[number])
            while not current.done() and not self._stop.requested:
                wait([current], LISTEN_SECONDS)
            if self._stop.requested:
                return
            ready = [current.result()]
            del current
            if number + 1 < len(works):
                upcoming.append(self._prefetch(works[number + 1]))
            yield ready.pop()

    def _prefetch(self, work: Work) -> Future[Prepared]:
        return self._threads.prefetch.submit(self._preparer.prepare, work)

    def _close(self, made: Made) -> None:
        self._closing = Closing(made, self._threads.closing.submit(self._outcome, made))

    def _outcome(self, made: Made) -> tuple[Item, ...] | None:
        """The items of a source when all its writes ended; None when they are outdated already."""
        if made.source is None:
            return made.settled
        written = [future.result() for future in made.results] + made.bad
        now = self._objects.head(made.source.bucket, made.source.key)
        if now is None:
            vanished = gone(made.work)
            return made.settled + tuple(self._items.bad(made.source, item.task, vanished) for item in written)
        return made.settled + tuple(written) if now.etag == made.source.etag else None

    def _settle(self) -> None:
        """Record the source that was closed last; process it again while it changes, within bounds."""
        closing, self._closing = self._closing, None
        if closing is None:
            return
        made, items = closing.made, closing.items.result()
        for _ in range(ROUNDS - 1):
            if items is not None or self._stop.requested:
                break
            self._telemetry.log("source changed, processing it again", "warning", key=made.work.source.key)
            made = self._maker.make(self._preparer.prepare(made.work))
            items = self._outcome(made)
        if items is None and not self._stop.requested:
            source = made.source or made.work.source
            items = tuple(self._items.bad(source, task.name, changing()) for task in made.work.tasks)
        self._record(made.work, items or ())

    def _record(self, work: Work, items: Sequence[Item]) -> None:
        self._recorder.add(items)
        bad = {item.task: f"{item.error_class}: {item.message}" for item in items if item.is_bad}
        self._telemetry.log(
            "source processed",
            "warning" if bad else "info",
            bucket=work.source.bucket,
            key=work.source.key,
            outcomes={item.task: item.outcome.value for item in items},
            milliseconds=sum(item.milliseconds for item in items),
            **({"errors": bad} if bad else {}),
        )

    def _attempt(self, step: Callable[[], None]) -> BatchkitError | None:
        """Run a step of the way out, whatever became of the steps before."""
        try:
            step()
        except BatchkitError as error:
            self._telemetry.trouble("the child cannot go on", error)
            return error
        except Exception as error:
            self._telemetry.crash("the child met a bug of batchkit's", error)
            return InternalError("the child met a bug of batchkit's", found=repr(error))
        return None

    def _unreached(self, expected: int) -> BatchkitError | None:
        """Why the child must not exit with 0, if it must not."""
        reached = self._recorder.tally.counts.items
        if reached == expected:
            return None
        found = f"{reached} of {expected} items have an outcome, {expected - reached} were not reached"
        kind = Interrupted if self._stop.requested else InternalError
        error = kind("the child stopped before its end", found=found, fix="retry it: what is done stays done")
        self._telemetry.trouble("the child did not reach all of its items", error)
        return error
