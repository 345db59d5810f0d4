"""A run while it is running: from its jobs' parents, its children's reports and its record.

Children are never asked for one by one: a parent says how many are in which state (DescribeJobs, a
hundred parents a call), and their reports come from the ledger by Query.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.errors import ConfigError, DataError
from batchkit.planning.states import Counts, RunState
from batchkit.runs.reading import Reading, Reports

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan

# Seconds between two looks: a large run moves slowly, and reading its reports costs something.
MIN_INTERVAL = 2.0
MAX_INTERVAL = 30.0
CHILDREN_PER_SECOND = 500

# Seconds that a rate is taken over: children report once a minute or, shorter ones, at their end, and hosts
# come and go.
WINDOW = 900.0

# Seconds after the last job's end in which its event must have come and been recorded.
PATIENCE = 900.0

ENDED = frozenset({"SUCCEEDED", "FAILED"})


class Parents(Protocol):
    """What watching needs of Batch; `aws.queue.Queue` is one."""

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]: ...


@dataclass(frozen=True)
class Progress:
    """A look at a run. `statuses` counts children by Batch's status, `counts` the items that children
    reported; `rate` in items a second, `eta` in seconds (None where nobody can tell), `usd` spent so far
    (estimate)."""

    run: str
    state: RunState
    children: int
    items: int
    statuses: Mapping[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    rate: float = 0.0
    eta: float | None = None
    usd: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.state is not RunState.RUNNING

    @property
    def failed_children(self) -> int:
        return self.statuses.get("FAILED", 0)

    @property
    def ended_children(self) -> int:
        return sum(number for status, number in self.statuses.items() if status in ENDED)

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--output json`."""
        return {**asdict(self), "state": self.state.value}


class Rate:
    """Items a second between looks, over the latest WINDOW seconds of watching.

    Not since the run's start: a run that was interrupted and continued stood still for a while.
    """

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()

    def of(self, look: Progress, now: float) -> Progress:
        """The look with its rate, and how long the rest takes at that rate."""
        self._looks.append((now, look.counts.items))
        while len(self._looks) > 2 and self._looks[1][0] <= now - WINDOW:
            self._looks.popleft()
        since, before = self._looks[0]
        rate = (look.counts.items - before) / (now - since) if now > since else 0.0
        eta = max(look.items - look.counts.items, 0) / rate if rate else None
        return replace(look, rate=rate, eta=eta)


def reports(ledger: RunLedger, plan: Plan) -> Reports:
    """What a run's children have reported."""
    return Reading(ledger, plan).look()


def look(plan: Plan, ledger: RunLedger, parents: Parents, reading: Reading | None = None) -> Progress:
    """One look; `reading` remembers those before it. Raises DataError for a run that was never begun."""
    record = ledger.run(plan.run)
    if record is None:
        raise DataError(
            f"the ledger knows no run '{plan.run}'", fix="check the id, the region and the project"
        )
    state, found = RunState(record["state"]), (reading or Reading(ledger, plan)).look()
    # A run's end counts the items that nobody reported, too.
    counts = found.counts if state is RunState.RUNNING else Counts(**record["counts"])
    jobs = [job.job for job in ledger.jobs(plan.run) if job.job]
    return Progress(
        run=plan.run,
        state=state,
        children=plan.children,
        items=plan.items,
        statuses=_statuses(parents.describe(jobs)),
        counts=counts,
        usd=spent(plan, found),
    )


def spent(plan: Plan, found: Reports) -> float:
    """What a run has cost so far, by the plan's prices, USD: compute by the second, the rest by the item."""
    computing = plan.cost.compute * found.billed / plan.billed if plan.billed else 0.0
    share = min(found.counts.items / plan.items, 1.0) if plan.items else 0.0
    return computing + (plan.cost.total - plan.cost.compute) * share


def watch(
    plan: Plan,
    ledger: RunLedger,
    parents: Parents,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[Progress]:
    """Looks, until the run has ended, each with the rate of the latest minutes.

    Raises ConfigError when its jobs have, and nobody recorded it."""
    silent_since: float | None = None
    rate, reading = Rate(), Reading(ledger, plan)
    while True:
        progress = rate.of(look(plan, ledger, parents, reading), clock())
        yield progress
        if progress.is_over:
            return
        all_ended = progress.ended_children >= plan.children
        silent_since = (silent_since or clock()) if all_ended else None
        if silent_since is not None and clock() - silent_since > PATIENCE:
            raise _unrecorded(plan)
        sleep(interval(plan.children))


def interval(children: int) -> float:
    """Seconds between two looks at a run of so many children."""
    return min(max(MIN_INTERVAL, children / CHILDREN_PER_SECOND), MAX_INTERVAL)


def _statuses(jobs: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
    """Children by status; a plain job is its only child."""
    found: Counter[str] = Counter()
    for job in jobs:
        summary = job.get("arrayProperties", {}).get("statusSummary")
        # A parent's summary may lag behind its own status.
        if summary and sum(summary.values()):
            found.update(summary)
        else:
            found[job["status"]] += job.get("arrayProperties", {}).get("size", 1)
    return {status: number for status, number in sorted(found.items()) if number}


def _unrecorded(plan: Plan) -> ConfigError:
    return ConfigError(
        f"all jobs of {plan.run} have ended, and nobody recorded the run's end",
        found=f"no word from the completion handler for {PATIENCE:.0f} s",
        expected="Batch's events to reach it",
        fix=f"batchkit cancel {plan.run} ends it by what Batch says of its jobs; batchkit doctor and"
        " batchkit dlq list tell why nobody did",
    )
