"""Stopping a run: one call for each of its array jobs, whatever the number of their children.

First the ledger notes that it was cancelled, then its jobs are looked for: whoever is submitting the run
meanwhile sees the note after its call, and ends the job that it just made (`runs.submit`). How the run ends
follows from the jobs' own events, as always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.completion.tally import tally
from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.planning.failures import CANCELLED
from batchkit.planning.records import RunEnd
from batchkit.planning.states import RunState, finished
from batchkit.runs.outcomes import known

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan


class Jobs(Protocol):
    """What cancelling needs of Batch; `aws.queue.Queue` is one."""

    def find(self, queue: str, name: str) -> str | None: ...

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]: ...

    def terminate(self, job: str, reason: str) -> None: ...


ENDED = ("SUCCEEDED", "FAILED")


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


def cancel(
    ledger: RunLedger, queue: Jobs, queue_name: str, run: str, plan: Plan | None, *, reason: str = ""
) -> Cancellation:
    """Terminate all jobs of a bulk run, whose plan is `plan`. Raises DataError for any other run."""
    record = known(ledger, run)
    state = RunState(record["state"])
    if plan is None:
        if state is not RunState.RUNNING:
            return Cancellation(run, state, ())
        raise DataError(
            f"the run '{run}' is not one of `batchkit submit`",
            found="no plan of it",
            expected="a run that `batchkit submit` began",
            fix="aws batch terminate-job, if it must be stopped",
        )
    has_ended = state is not RunState.RUNNING
    if not has_ended:
        ledger.cancelled(run, reason)
    jobs = dict(_jobs(ledger, queue, queue_name, run))
    found = {number: job for number, job in jobs.items() if job}
    awaited = sum(plan.arrays[number].size for number in found)
    ledger.awaits(run, awaited)
    told = tuple(_running(queue, found.values()) if has_ended else found.values())
    for job in told:
        queue.terminate(job, said(reason))
    pending = tuple(number for number in jobs if number not in found)
    return Cancellation(run, state if has_ended else _settled(ledger, plan, record, awaited), told, pending)


def said(reason: str) -> str:
    """What Batch is told: `failures.diagnose` knows it by its beginning."""
    return f"{CANCELLED}: {reason}" if reason else CANCELLED


def _jobs(ledger: RunLedger, queue: Jobs, queue_name: str, run: str) -> Iterator[tuple[int, str]]:
    """The run's jobs by number, those included whose submission was cut off before their id was noted.

    "" for one that may be under way.
    """
    for job in ledger.jobs(run):
        found = job.job or queue.find(queue_name, names.job_name(run, job.number))
        if found or job.busy:
            yield job.number, found or ""


def _running(queue: Jobs, jobs: Iterable[str]) -> Iterator[str]:
    """Those that have not ended; Batch forgets the others after a week."""
    return (job["jobId"] for job in queue.describe(jobs) if job["status"] not in ENDED)


def _settled(ledger: RunLedger, plan: Plan, record: Mapping[str, Any], awaited: int) -> RunState:
    """The run's state. Where no job is left whose end could tell it, the run ends here and now."""
    ended = ledger.arrays(plan.run)
    if sum(array.size for array in ended) < awaited:
        return RunState.RUNNING
    found = tally(ledger.children(plan.run, plan.children), plan.shape, expected=plan.items)
    state, counts = finished(plan.items, found.counts, plan.max_bad)
    end = RunEnd(
        run=plan.run,
        lane=record["lane"],
        state=state,
        counts=counts,
        sources=plan.sources,
        recipe=plan.recipe,
        job=ended[0].job if ended else "",
        errors=found.errors(),
        source=record.get("source", ""),
        started=record["started"],
        stopped=max((array.stopped for array in ended), default=record["started"]),
    )
    ledger.finish(end)
    return state
