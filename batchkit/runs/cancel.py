"""Stopping a run: one call for each of its array jobs, whatever the number of their children.

First the ledger notes that it was cancelled, then its jobs are looked for: whoever is submitting the run
meanwhile sees the note after its call, and ends the job that it just made (`runs.submit`). How the run ends
follows from the jobs' own events, as always; of jobs that had ended before, from what Batch says of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.completion.finishing import Run
from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.planning.diagnoses import CANCELLED
from batchkit.planning.records import ArrayEnd, RunEnd
from batchkit.planning.states import RunState
from batchkit.runs.outcomes import known

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan


Finish = Callable[[Run, Sequence[ArrayEnd]], RunEnd | None]


class Jobs(Protocol):
    """What cancelling needs of Batch; `aws.queue.Queue` is one."""

    def find(self, queue: str, name: str) -> str | None: ...

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]: ...

    def terminate(self, job: str, reason: str) -> None: ...


ENDED = ("SUCCEEDED", "FAILED")

# Batch forgets a job a week after its end at the earliest. A younger run has a job that Batch does not show
# yet, or not at this moment.
FORGOTTEN_AFTER = 24 * 3600


@dataclass(frozen=True)
class Cancellation:
    """The jobs that were told to end, and the run's state now. Of a run that had ended before, only those
    that were still running. `pending` are arrays that another process may be submitting at this moment."""

    run: str
    state: RunState
    jobs: tuple[str, ...]
    pending: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Canceller:
    """Cancels runs whose jobs are in the queue `queue_name`.

    `finish` (of a Finisher) ends a run that has no job left whose end could tell it.
    """

    ledger: RunLedger
    queue: Jobs
    queue_name: str
    finish: Finish
    clock: Callable[[], float] = time.time

    def cancel(self, run: str, plan: Plan | None, reason: str = "") -> Cancellation:
        """Terminate all jobs of a bulk run, whose plan is `plan`. Raises DataError for any other run."""
        record = known(self.ledger, run)
        state = RunState(record["state"])
        has_ended = state is not RunState.RUNNING
        if plan is None:
            if has_ended:
                return Cancellation(run, state, ())
            raise _no_plan(run)
        if not has_ended:
            self.ledger.cancelled(run, reason)
        elif record.get("announced", 0) < state.rank:
            # Whoever ended it died before it was announced, or is about to: the ledger knows which.
            self._finish(plan, record["lane"])
        jobs = dict(self._jobs(run))
        found = {number: job for number, job in jobs.items() if job}
        awaited = sum(plan.arrays[number].size for number in found)
        self.ledger.awaits(run, awaited)
        told = tuple(self._running(found.values()) if has_ended else self._unended(plan, found))
        for job in told:
            self.queue.terminate(job, said(reason))
        if not has_ended:
            state = self._settled(plan, record["lane"], awaited)
        return Cancellation(run, state, told, tuple(number for number in jobs if number not in found))

    def _jobs(self, run: str) -> Iterator[tuple[int, str]]:
        """The run's jobs by number, those included whose submission was cut off before their id was noted.

        "" for one that may be under way.
        """
        for job in self.ledger.jobs(run):
            found = job.job or self.queue.find(self.queue_name, names.job_name(run, job.number))
            if found or job.busy:
                yield job.number, found or ""

    def _running(self, jobs: Iterable[str]) -> Iterator[str]:
        """Those that have not ended; Batch forgets the others after a week."""
        return (job["jobId"] for job in self.queue.describe(jobs) if job["status"] not in ENDED)

    def _settled(self, plan: Plan, lane: str, awaited: int) -> RunState:
        """The run's state. Where no job is left whose end could tell it, the run ends here and now."""
        ended = self.ledger.arrays(plan.run)
        if sum(array.size for array in ended) < awaited:
            return RunState.RUNNING
        self._finish(plan, lane)
        return RunState(known(self.ledger, plan.run)["state"])

    def _finish(self, plan: Plan, lane: str) -> None:
        self.finish(Run(plan.run, lane, plan.recipe, plan.shape), self.ledger.arrays(plan.run))

    def _unended(self, plan: Plan, jobs: Mapping[int, str]) -> Iterator[str]:
        """Those of whose end nobody has said anything, and Batch neither."""
        self._record_ends(plan, jobs)
        ended = {array.job for array in self.ledger.arrays(plan.run)}
        return (job for job in jobs.values() if job not in ended)

    def _record_ends(self, plan: Plan, jobs: Mapping[int, str]) -> None:
        """Record the ends of arrays whose event never came: nobody else would, and the run would never end.

        Looked for before the jobs are told to end: of those that end by that, the event is still to come.
        """
        recorded = {array.first for array in self.ledger.arrays(plan.run)}
        silent = {
            job: plan.arrays[number]
            for number, job in jobs.items()
            if plan.arrays[number].first not in recorded
        }
        seen = {job["jobId"]: job for job in self.queue.describe(silent)}
        for job, array in silent.items():
            if times := self._times(plan.run, seen.get(job)):
                self.ledger.record_array(ArrayEnd(plan.run, array.first, array.size, job, *times))

    def _times(self, run: str, job: Mapping[str, Any] | None) -> tuple[int, int] | None:
        """When a job was made and ended, in epoch seconds; None where it goes on, or nobody can tell."""
        if job is not None:
            stopped = (job.get("stoppedAt") or job.get("createdAt") or 0) // 1000
            started = (job.get("createdAt") or 0) // 1000 or stopped
            return (started, stopped) if job["status"] in ENDED else None
        record, now = known(self.ledger, run), int(self.clock())
        return (record["started"], now) if now - record["started"] >= FORGOTTEN_AFTER else None


def said(reason: str) -> str:
    """What Batch is told: `failures.diagnose` knows it by its beginning."""
    return f"{CANCELLED}: {reason}" if reason else CANCELLED


def _no_plan(run: str) -> DataError:
    return DataError(
        f"the run '{run}' is not one of `batchkit submit`",
        found="no plan of it",
        expected="a run that `batchkit submit` began",
        fix="aws batch terminate-job, if it must be stopped",
    )
