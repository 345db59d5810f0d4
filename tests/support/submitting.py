"""A bulk run to submit, in a moto world: its plan, its files, and a Batch that fails on request."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from batchkit.aws import uploading
from batchkit.aws.run_ledger import RunJob, RunLedger
from batchkit.errors import Throttled, Unanswered
from batchkit.planning import manifest, names
from batchkit.planning.arrays import arrays
from batchkit.planning.backfill import Plan, Tally
from batchkit.planning.cost import Cost
from batchkit.planning.manifest import Source
from batchkit.planning.shards import Shape
from batchkit.runs.spool import Spool
from batchkit.runs.steps import Destination
from batchkit.runs.submit import AwsExecutor
from batchkit.runs.turns import Turns
from support.moto_world import TIME, Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from batchkit.aws.queue import BatchJob
    from batchkit.recipe import Recipe
    from support.moto_world import World

_runs = itertools.count()


@dataclass
class FakeBatch:
    """A Batch that takes every job, except as `faults` say, one a call of submit:

    `lost` takes the job and loses the answer, `broken` loses the request, `throttled` refuses. `hidden`
    is how many looks a job stays invisible for.
    """

    faults: list[str] = field(default_factory=list)
    hidden: int = 0
    taken: list[BatchJob] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    terminated: list[str] = field(default_factory=list)

    def submit(self, job: BatchJob) -> str:
        self.calls["submit"] += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "throttled":
            raise Throttled("slow down")
        if fault != "broken":
            self.taken.append(job)
        if fault in ("lost", "broken"):
            raise Unanswered("nobody knows")
        return self.id_of(job.name)

    def find(self, queue: str, name: str) -> str | None:
        self.calls["find"] += 1
        if self.hidden:
            self.hidden -= 1
            return None
        known = {job.name for job in self.taken if job.queue == queue}
        return self.id_of(name) if name in known else None

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        return ({"jobId": job, "status": "RUNNING"} for job in ids)

    def terminate(self, job: str, reason: str) -> None:
        self.terminated.append(job)

    @staticmethod
    def id_of(name: str) -> str:
        return f"id-of-{name}"

    @property
    def sizes(self) -> list[int]:
        return [job.size for job in self.taken]


@dataclass
class TurnRecord:
    """The ledger's record of one job, in memory, with the conditions that DynamoDB checks."""

    record: RunJob | None = None
    now: float = TIME

    def job(self, run: str, number: int) -> RunJob | None:
        return self.record

    def take_turn(self, run: str, number: int, turn: str, before: RunJob | None) -> bool:
        if (before and before.turn) != (self.record and self.record.turn):
            return False
        if self.record and self.record.job:
            return False
        self.record = RunJob(number, "", turn, busy=True, tried=TIME, doubtful=True)
        return True

    def end_turn(self, run: str, number: int, turn: str, before: RunJob | None) -> bool:
        ours = self.record is not None and self.record.turn == turn
        if ours:
            self.record = replace(self.record, busy=False, doubtful=bool(before and before.doubtful))
        return ours

    def turns(self, guard: Callable[[], None] = lambda: None) -> Any:
        """As one process sees it."""
        return Turns(self, "b-1", 0, guard, lambda: self.now)


DESTINATION = Destination("artifacts", "photos-bulk", "photos-bulk")


def plan(
    recipe: Recipe, sources: int, per_child: int = 1, run: str = "", started: int = TIME, **changes: Any
) -> Plan:
    """A plan of so many sources, which nobody has looked at."""
    shape = Shape(sources, len(recipe.tasks), per_child)
    return Plan(
        **{
            "run": run or names.bulk_run(started, f"test-{next(_runs)}"),
            "recipe": recipe.digest,
            "tasks": tuple(task.name for task in recipe.tasks),
            "sources": sources,
            "bytes": 10 * sources,
            "per_child": per_child,
            "items": shape.items,
            "started": started,
            "arrays": arrays(shape.children),
            "tally": Tally(new=sources),
            "cost": Cost(),
            "seconds": 60,
            "vcpus": 1.0,
            "memory": 2048,
            "compute": "ec2-spot",
            "billed": 60.0,
            **changes,
        }
    )


def spooled(folder: Path, sources: Sequence[Source]) -> Spool:
    """The manifest and its index, in a folder."""
    spool = Spool.within(folder)
    spool.write(sources)
    return spool


def sources(count: int) -> list[Source]:
    return [Source("uploads", f"in/{n:05d}.txt", f"e{n}", n) for n in range(count)]


def run_ledger(world: World) -> RunLedger:
    return RunLedger(world.clients.dynamodb, world.table, Clock())


def executor(
    world: World, jobs: Any, waits: list[float] | None = None, guard: Callable[[], None] = lambda: None
) -> AwsExecutor:
    """An executor in the world, with another Batch; it remembers how long it would have slept."""
    return AwsExecutor(
        artifacts=world.artifacts,
        objects=world.objects,
        uploader=partial(uploading.upload, world.clients.s3),
        ledger=run_ledger(world),
        jobs=jobs,
        sleep=(waits if waits is not None else []).append,
        guard=guard,
        clock=Clock(),
    )


def manifest_of(world: World, run: str) -> Iterator[Source]:
    """The sources of a run's stored manifest."""
    stored = world.objects.get(world.artifacts, names.manifest_key(run))
    assert stored is not None
    yield from manifest.read(stored.body, stored.body.count(b"\n"))
