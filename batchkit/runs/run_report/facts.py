"""What is known of a run that has ended, gathered for its page."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from batchkit.aws import logs
from batchkit.aws.objects import url
from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.runs.manifests import load_plan
from batchkit.runs.outcomes import known
from batchkit.runs.run_report.timeline import Attempt, Rows, Span, Throughput, attempts, reported, span

if TYPE_CHECKING:
    from batchkit.aws.objects import Objects
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan
    from batchkit.runs.bulk import Bulk

SLOWEST = 20
ERRORS = 50

# Errors that get the end of a log beside them, and lines of it.
TAILS = 8
TAIL_LINES = 20

Row = dict[str, Any]


class Jobs(Protocol):
    """What this needs of Batch; `aws.queue.Queue` is one."""

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]: ...


# The last lines of a log stream, named by group and stream; none for one that is gone.
Tail = Callable[[str, str, int], Sequence[str]]


@dataclass(frozen=True)
class Slow:
    """An item that took long."""

    milliseconds: int
    key: str
    task: str


@dataclass(frozen=True)
class Facts:
    """All that the page shows. `run`, `items`, `cost` and `errors` are rows of the end-of-run report.

    `tails` are the last log lines of a child with an error, by the error's place in `errors`. `children` of
    those that `attempts` tell of are a part of the run's `plan.children`. `jobs` says whether Batch still
    remembers them: it does for a week.
    """

    project: str
    plan: Plan
    run: Row
    items: Row
    cost: Row
    errors: tuple[Row, ...]
    kinds: int
    throughput: Throughput
    attempts: tuple[Attempt, ...]
    remembered: bool
    slowest: tuple[Slow, ...]
    tails: Mapping[int, Sequence[str]]


class Gatherer:
    """Gathers the facts of one run, in memory that does not grow with it."""

    def __init__(
        self, *, project: str, artifacts: str, objects: Objects, ledger: RunLedger, jobs: Jobs, tail: Tail
    ) -> None:
        self._project = project
        self._artifacts = artifacts
        self._objects = objects
        self._ledger = ledger
        self._jobs = jobs
        self._tail = tail

    @classmethod
    def of(cls, bulk: Bulk) -> Gatherer:
        """For the project of a bulk lane."""
        return cls(
            project=bulk.project.name,
            artifacts=bulk.artifacts,
            objects=bulk.objects,
            ledger=bulk.ledger,
            jobs=bulk.queue,
            tail=partial(logs.tail, bulk.clients.logs),
        )

    def gather(self, run: str) -> Facts:
        """Raises DataError for a run that is unknown, has not ended, or is an upload's."""
        known(self._ledger, run)
        rows = self._rows(run)
        plan = load_plan(self._objects, self._artifacts, run)
        (about,), (items,), (cost,) = (_of(rows, kind) for kind in ("run", "items", "cost"))
        errors = tuple(_of(rows, "error"))
        reading = _Reading(plan, about, errors[:TAILS])
        for record in self._ledger.children(run, plan.children):
            reading.add(record)
        described = self._described(run, plan, reading.wanted())
        chosen = reading.rows.chosen()
        return Facts(
            project=self._project,
            plan=plan,
            run=about,
            items=items,
            cost=cost,
            errors=errors[:ERRORS],
            kinds=len(errors),
            throughput=reading.throughput,
            attempts=tuple(_attempts(chosen, described)),
            remembered=bool(described),
            slowest=reading.slowest(),
            tails=self._tails(errors[:TAILS], reading.examples, described),
        )

    def _rows(self, run: str) -> list[Row]:
        key = names.report_key(run, "jsonl")
        stored = self._objects.get(self._artifacts, key)
        if stored is None:
            raise DataError(
                f"the run '{run}' has no report",
                found=f"no object {url(self._artifacts, key)}",
                expected="a bulk run that has ended",
                fix=f"batchkit status {run} --watch; of an upload: batchkit results {run}",
            )
        return [msgspec.json.decode(line) for line in stored.body.splitlines()]

    def _described(self, run: str, plan: Plan, children: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The jobs of some children, as far as Batch remembers them."""
        parents = {job.number: job.job for job in self._ledger.jobs(run)}
        ids: dict[str, int] = {}
        for number, array in enumerate(plan.arrays):
            parent = parents.get(number)
            for child in children if parent else ():
                if array.first <= child < array.first + array.size:
                    ids[f"{parent}:{child - array.first}" if array.size > 1 else str(parent)] = child
        return {ids[job["jobId"]]: job for job in self._jobs.describe(ids) if job["jobId"] in ids}

    def _tails(
        self,
        errors: Sequence[Row],
        examples: Mapping[int, int],
        described: Mapping[int, Mapping[str, Any]],
    ) -> dict[int, Sequence[str]]:
        """The report knows the log of a child that died; of one that met an error and went on, Batch does."""
        group, found = names.worker_logs(self._project), dict[int, Sequence[str]]()
        for number, error in enumerate(errors):
            job = described.get(examples.get(number, -1), {})
            stream = error.get("log_stream") or job.get("container", {}).get("logStreamName", "")
            lines = self._tail(group, stream, TAIL_LINES) if stream else ()
            if lines:
                found[number] = lines
        return found


class _Reading:
    """What is kept of the children's records while they pass by."""

    def __init__(self, plan: Plan, about: Row, errors: Sequence[Row]) -> None:
        self.throughput = Throughput(about["started"], about["stopped"])
        self.rows = Rows(plan.children)
        # A child for each error, to read the log of.
        self.examples: dict[int, int] = {}
        self._errors = errors
        self._slowest: list[tuple[int, str, str]] = []

    def add(self, record: Mapping[str, Any]) -> None:
        found = span(record)
        if found is not None:
            self.throughput.add(found)
            self.rows.add(found)
        for slow in record.get("slowest", ()):
            heapq.heappush(self._slowest, (slow["milliseconds"], slow["key"], slow["task"]))
            if len(self._slowest) > SLOWEST:
                heapq.heappop(self._slowest)
        for number, error in enumerate(self._errors):
            if number not in self.examples and _has(record, error):
                self.examples[number] = record["child"]

    def wanted(self) -> list[int]:
        """The children whose jobs are asked for."""
        return sorted({*(one.child for one in self.rows.chosen()), *self.examples.values()})

    def slowest(self) -> tuple[Slow, ...]:
        return tuple(Slow(*one) for one in sorted(self._slowest, reverse=True))


def _has(record: Mapping[str, Any], error: Row) -> bool:
    """Whether an item of a child met an error."""
    return any(
        (group["error_class"], group["key"]) == (error["error_class"], error["key"])
        for group in record.get("errors", ())
    )


def _attempts(chosen: Iterable[Span], described: Mapping[int, Mapping[str, Any]]) -> Iterator[Attempt]:
    for one in chosen:
        found = attempts(one.child, described.get(one.child, {}))
        yield from found or [reported(one)]


def _of(rows: Iterable[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["kind"] == kind]
