"""What became of the items of a run, streamed: those that the ledger holds, and those it cannot hold.

A child that dies leaves items without a record. They have failed as the child has: they are found by
comparing the manifest with the ledger, for the children that do not account for all of their items.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from batchkit.aws.table import MAX_BATCH
from batchkit.errors import DataError
from batchkit.planning.states import RunState, bulk_order
from batchkit.runs.manifests import Manifest, load_plan
from batchkit.runs.results import Children, Result, lost, of_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from batchkit.aws.ledger import Ledger
    from batchkit.aws.objects import Objects
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan
    from batchkit.planning.manifest import Source

# Requests of the ledger under way.
THREADS = 16

BLOCK_ITEMS = THREADS * MAX_BATCH


@dataclass(frozen=True)
class _Wanted:
    """Tasks of the manifest's source `number`."""

    number: int
    source: Source
    tasks: tuple[str, ...]


class Outcomes:
    """The items of one run. Raises DataError for a run that the ledger does not know."""

    def __init__(self, ledger: RunLedger, objects: Objects, artifacts: str, run: str) -> None:
        self._ledger = ledger
        self._objects = objects
        self._artifacts = artifacts
        self._run = run
        self.record = known(ledger, run)

    @property
    def run(self) -> str:
        return self._run

    @cached_property
    def retries(self) -> tuple[Outcomes, ...]:
        """The runs that did again what went wrong in this one, and what went wrong in those, oldest first.

        One whose submission was broken off before it had a job is none: nothing was done again.
        """
        counting = (one for one in self._begun if not one.is_broken_off or one.has_jobs)
        found = (run for one in counting for run in (one, *one.retries))
        return tuple(sorted(found, key=lambda one: int(one.record["started"])))

    @property
    def broken_off(self) -> tuple[Outcomes, ...]:
        """The retries of this run, and of those, whose submission has begun and not ended."""
        deeper = (run for one in self._begun for run in one.broken_off)
        return (*(one for one in self._begun if one.is_broken_off), *deeper)

    @property
    def is_broken_off(self) -> bool:
        """Whether not all jobs are submitted of a run that nobody cancelled, or nobody has noted it yet."""
        return not (self.has_ended or {"submitted", "cancelled"} & set(self.record))

    @property
    def has_jobs(self) -> bool:
        """Whether Batch has a job of the run, or may have."""
        return any(job.job or job.doubtful for job in self._ledger.jobs(self._run))

    @cached_property
    def plan(self) -> Plan:
        """The plan of a bulk run. Raises DataError for another one."""
        return load_plan(self._objects, self._artifacts, self._run)

    @cached_property
    def plans(self) -> Mapping[str, Plan]:
        """The plans of the run and of its retries, by run; an upload's run has none."""
        return {one.run: one.plan for one in (self, *self.retries) if one.is_bulk}

    @property
    def source(self) -> str:
        """What the run does, for people."""
        return str(self.record.get("source", ""))

    @property
    def has_ended(self) -> bool:
        return bool(self.record["state"] != RunState.RUNNING)

    @property
    def is_bulk(self) -> bool:
        return bool(self.record["lane"] == "bulk")

    def bad(self) -> Iterator[Result]:
        """The rejected and failed items, retries of the run included: what is still bad, each item once.

        Memory: nothing, or of a run that was retried some 70 bytes an item.
        """
        if not self.retries:
            yield from self.own_bad()
            return
        seen = set[int]()
        for one in (*reversed(self.retries), self):
            for result in one.own_bad():
                known = identity(result.bucket, result.key, result.task)
                if known not in seen:
                    seen.add(known)
                    yield result

    def own_bad(self) -> Iterator[Result]:
        """Without retries: those in the ledger's index, then those of dead children."""
        for item in self._ledger.bad_items(self._run):
            yield of_record(item)
        if self.is_bulk:
            yield from self._lost()

    def items(self) -> Iterator[tuple[str, str, str]]:
        """Bucket, key and task of all items of a bulk run, as its manifest asks for them."""
        for one in _everything(self.plan, self._manifest(self.plan)):
            for task in one.tasks:
                yield one.source.bucket, one.source.key, task

    def all(self) -> Iterator[Result]:
        """All items: of a bulk run in the manifest's order."""
        if not self.is_bulk:
            yield from self._of_upload()
            return
        plan, children = self.plan, self._children()
        for result, child in self._look(plan, _everything(plan, self._manifest(plan))):
            if result.outcome or not self._may_be_lost(child, children):
                yield result
            else:
                yield lost(result, children.why(child))

    @cached_property
    def _begun(self) -> tuple[Outcomes, ...]:
        """The retries of this run that the ledger has a record of."""
        begun = (run for run in self._ledger.retries(self._run) if self._ledger.run(run) is not None)
        return tuple(Outcomes(self._ledger, self._objects, self._artifacts, run) for run in begun)

    def _lost(self) -> Iterator[Result]:
        plan, children = self.plan, self._children()
        suspects = (child for child in range(plan.children) if self._is_suspect(plan, child, children))
        manifest = self._manifest(plan)
        wanted = (one for child in suspects for one in _of_child(plan, manifest, child, children))
        for result, child in self._look(plan, wanted):
            if not result.outcome:
                yield lost(result, children.why(child))

    def _is_suspect(self, plan: Plan, child: int, children: Children) -> bool:
        complete = children.items[child] >= len(plan.shape.shard(child))
        return not complete and self._may_be_lost(child, children)

    def _may_be_lost(self, child: int, children: Children) -> bool:
        """While a run goes on, only Batch's word makes a silent child a dead one."""
        return self.has_ended or child in children.failures

    def _look(self, plan: Plan, wanted: Iterable[_Wanted]) -> Iterator[tuple[Result, int]]:
        """The ledger's word on each item, outcome "" where it has none since the run began."""
        since = bulk_order(self.record["started"])
        rest = ((one, task) for one in wanted for task in one.tasks)
        with ThreadPoolExecutor(THREADS, "outcomes") as pool:
            while block := list(islice(rest, BLOCK_ITEMS)):
                found = self._records(pool, block)
                for one, task in block:
                    bucket, key = one.source.bucket, one.source.key
                    item = found.get((bucket, key, task))
                    nothing = Result("", bucket, key, task, run=self._run)
                    result = of_record(item) if item and item["order"] >= since else nothing
                    yield result, child_of(plan, one.number, task)

    def _records(
        self, pool: Executor, block: Sequence[tuple[_Wanted, str]]
    ) -> Mapping[tuple[str, str, str], dict[str, Any]]:
        """What the ledger has of these items, a hundred a request, several requests at a time."""
        items = [(one.source.bucket, one.source.key, task) for one, task in block]
        batches = (items[first : first + MAX_BATCH] for first in range(0, len(items), MAX_BATCH))
        parts = pool.map(self._ledger.some_items, batches)
        return {name: record for part in parts for name, record in part.items()}

    def _of_upload(self) -> Iterator[Result]:
        bucket, _, key = self.record.get("source", "").removeprefix("s3://").partition("/")
        items = self._ledger.items(bucket, key) if bucket and key else []
        # Whichever run they are of by now: that is a column.
        yield from map(of_record, items)

    def _manifest(self, plan: Plan) -> Manifest:
        return Manifest(self._objects, self._artifacts, self._run, plan.sources)

    def _children(self) -> Children:
        count = self.record.get("children") or self.plan.children
        return Children(self._ledger.children(self._run, count), count)


def known(ledger: Ledger, run: str) -> dict[str, Any]:
    """The record of a run. Raises DataError for one that the ledger does not know."""
    record = ledger.run(run)
    if record is None:
        raise DataError(
            f"the ledger knows no run '{run}'",
            found="no record of it",
            expected="a run that `batchkit submit` began, or an upload's that ended",
            fix="batchkit runs lists the latest; check the region and the project",
        )
    return {"lane": "upload", "state": RunState.RUNNING, **record}


def identity(bucket: str, key: str, task: str) -> int:
    """What tells items apart, in as little memory as it takes; only within one process."""
    return hash((bucket, key, task))


def child_of(plan: Plan, source: int, task: str) -> int:
    """The child that does a task of a source."""
    return (source * len(plan.tasks) + plan.tasks.index(task)) // plan.per_child


def _everything(plan: Plan, manifest: Manifest) -> Iterator[_Wanted]:
    for number, source in enumerate(manifest):
        yield _Wanted(number, source, source.tasks or plan.tasks)


def _of_child(plan: Plan, manifest: Manifest, child: int, children: Children) -> Sequence[_Wanted]:
    """The items of a child; none when it accounts for all that its part of the manifest asks for."""
    shape = plan.shape
    wanted = []
    for part, source in zip(shape.slices(child), manifest.part(shape.sources_of(child)), strict=True):
        tasks = tuple(
            task for task in plan.tasks[part.first : part.stop] if not source.tasks or task in source.tasks
        )
        if tasks:
            wanted.append(_Wanted(part.source, source, tasks))
    return wanted if children.items[child] < sum(len(one.tasks) for one in wanted) else ()
