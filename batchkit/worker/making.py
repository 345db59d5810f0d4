"""From a prepared source to outputs: one call of the job, each output on its way as soon as it is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from traceback import format_exception
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError, JobError, PermissionDenied, Rejected, Throttled
from batchkit.job import Failure, Job, Original, Output
from batchkit.planning.states import Outcome
from batchkit.worker.items import JobRaised, describe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from batchkit.aws.objects import Head
    from batchkit.planning.records import Item
    from batchkit.worker.items import Items
    from batchkit.worker.prepare import Prepared, Wanted
    from batchkit.worker.publish import Publisher
    from batchkit.worker.shard import Work
    from batchkit.worker.stop import Stop
    from batchkit.worker.telemetry import Telemetry
    from batchkit.worker.uploads import Uploads

# What stops the whole child: the next item would meet it, too.
TROUBLE = (ConfigError, PermissionDenied, Throttled)


@dataclass
class Made:
    """What became, or is becoming, of a source: `settled` already known, `results` on their way.

    It does not hold the source's bytes. `source` is None when nothing had to be made.
    """

    work: Work
    settled: tuple[Item, ...]
    source: Head | None
    results: list[Future[Item]] = field(default_factory=list)
    bad: list[Item] = field(default_factory=list)


class Maker:
    """Calls the job and hands its outputs to the background."""

    def __init__(
        self,
        *,
        job: Job,
        items: Items,
        publisher: Publisher,
        uploads: Uploads,
        telemetry: Telemetry,
        stop: Stop,
    ) -> None:
        self._job = job
        self._items = items
        self._publisher = publisher
        self._uploads = uploads
        self._telemetry = telemetry
        self._stop = stop

    def make(self, prepared: Prepared) -> Made:
        """Whatever the job raises becomes an item's outcome. After a stop, tasks may have none."""
        made = Made(prepared.work, prepared.settled, prepared.source)
        if prepared.source is None:
            return made
        waiting = {one.target.task.name: one for one in prepared.wanted}
        try:
            self._take_all(prepared, prepared.source, waiting, made)
        except (Exception, SystemExit) as error:
            # A job that calls sys.exit must not end the child, least of all with 0.
            self._tell(error, prepared.source.key)
            made.bad += [self._items.bad(prepared.source, name, error) for name in waiting]
        return made

    def _tell(self, error: BaseException, key: str) -> None:
        if isinstance(error, Rejected):
            return
        told = error.traceback if isinstance(error, JobRaised) else "".join(format_exception(error))
        self._telemetry.job_raised(*describe(error), told, key=key)

    def _take_all(self, prepared: Prepared, source: Head, waiting: dict[str, Wanted], made: Made) -> None:
        for result, milliseconds in self._results(prepared, source):
            wanted = waiting.pop(result.task, None)
            if wanted is None:
                raise JobError("the job made what nobody asked for, or made it twice", found=result.task)
            if isinstance(result, Failure):
                made.bad.append(self._items.bad(source, result.task, result.rejected))
            else:
                made.results.append(self._send(wanted, source, result, milliseconds))
            if self._stop.requested:
                return
        if waiting:
            raise JobError("the job made nothing for a task, and gave no reason", found=", ".join(waiting))

    def _results(self, prepared: Prepared, source: Head) -> Iterator[tuple[Output | Failure, int]]:
        tasks = tuple(one.target.task for one in prepared.wanted)
        start = self._telemetry.ticks()
        for result in self._job.make(Original(source.key, prepared.body), tasks):
            if not isinstance(result, Output | Failure):
                raise JobError(
                    "the job made no output", found=type(result).__name__, expected="Output, Failure"
                )
            seconds = self._telemetry.ticks() - start
            self._telemetry.add("MakeMilliseconds", seconds * 1000)
            yield result, round(seconds * 1000)
            start = self._telemetry.ticks()

    def _send(self, wanted: Wanted, source: Head, output: Output, milliseconds: int) -> Future[Item]:
        return self._uploads.submit(len(output.body), lambda: self._put(wanted, source, output, milliseconds))

    def _put(self, wanted: Wanted, source: Head, output: Output, milliseconds: int) -> Item:
        target, size = wanted.target, len(output.body)
        try:
            with self._telemetry.timed("put"):
                self._publisher.put(target, source, output, exists=wanted.exists)
        except TROUBLE:
            raise
        except (Rejected, Exception) as error:
            return self._items.bad(source, target.task.name, error)
        self._telemetry.add("BytesOut", size)
        return self._items.good(
            target,
            source,
            outcome=Outcome.DONE,
            size=size,
            facts=output.facts,
            milliseconds=milliseconds,
        )
