"""The steps of a submission, as plain data: what a plan changes in the world, in this order.

The plan is stored after the manifest, so whoever finds a plan finds its manifest whole. The run is
recorded before its first job, so completion knows what is expected; and it counts as submitted after
its last one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from batchkit.aws.queue import BatchJob
from batchkit.planning import names

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.planning.backfill import Plan
    from batchkit.runs.spool import Spool


@dataclass(frozen=True)
class Destination:
    """Where a project's bulk runs go: bucket, job queue, job definition."""

    artifacts: str
    queue: str
    definition: str


@dataclass(frozen=True)
class Upload:
    """Put a file into the artifacts bucket."""

    key: str
    path: Path
    content_type: str

    def take(self, executor: Executor) -> None:
        executor.upload(self)

    def __str__(self) -> str:
        return f"upload {self.key}"


@dataclass(frozen=True)
class Store:
    """Put a small object into the artifacts bucket, unless it is there."""

    key: str
    body: bytes

    def take(self, executor: Executor) -> None:
        executor.store(self)

    def __str__(self) -> str:
        return f"store {self.key}"


@dataclass(frozen=True)
class Record:
    """Record in the ledger that the run has begun."""

    plan: Plan
    source: str

    def take(self, executor: Executor) -> None:
        executor.record(self)

    def __str__(self) -> str:
        return f"record {self.plan.run}"


@dataclass(frozen=True)
class Submit:
    """Submit the run's array `number`, as the job that `at` makes of it."""

    run: str
    number: int
    job: BatchJob

    @property
    def stop(self) -> int:
        """The number of the run's children in this array and those before it."""
        return int(self.job.parameters["first_child"]) + self.job.size

    def at(self, started: int) -> BatchJob:
        """The job of a run that began at `started`, epoch seconds: what orders its writes to the ledger.

        The moment of the plan would not do: another run may have made newer items since.
        """
        return replace(self.job, parameters={**self.job.parameters, "time": str(started)})

    def take(self, executor: Executor) -> None:
        executor.submit(self)

    def __str__(self) -> str:
        what = f"an array of {self.job.size:,} children" if self.job.size > 1 else "a plain job"
        return f"submit {self.job.name}: {what}"


@dataclass(frozen=True)
class Finish:
    """Note in the ledger that all jobs are submitted."""

    run: str

    def take(self, executor: Executor) -> None:
        executor.finish(self)

    def __str__(self) -> str:
        return f"finish {self.run}"


Step = Upload | Store | Record | Submit | Finish


class Executor(Protocol):
    """What takes the steps. A dry run is another one."""

    def upload(self, step: Upload) -> None: ...

    def store(self, step: Store) -> None: ...

    def record(self, step: Record) -> None: ...

    def submit(self, step: Submit) -> None: ...

    def finish(self, step: Finish) -> None: ...


def steps(
    plan: Plan, destination: Destination, source: str, recipe: bytes, spool: Spool | None
) -> Iterator[Step]:
    """The steps of a plan, in order; none at all where there is nothing to do.

    `recipe` is the recipe's document; `spool` is None when plan and manifest are stored already.
    """
    if not plan.arrays:
        return
    yield Store(names.recipe_key(plan.recipe), recipe)
    if spool is not None:
        yield Upload(names.manifest_key(plan.run), spool.manifest, "application/x-ndjson")
        yield Upload(names.index_key(plan.run), spool.index, "application/octet-stream")
        yield Store(names.plan_key(plan.run), plan.to_json())
    yield Record(plan, source)
    for number, array in enumerate(plan.arrays):
        yield Submit(plan.run, number, _job(plan, destination, number, array.first, array.size))
    yield Finish(plan.run)


def _job(plan: Plan, destination: Destination, number: int, first: int, size: int) -> BatchJob:
    parameters = {
        "run": plan.run,
        "recipe": plan.recipe,
        "sources": str(plan.sources),
        "per_child": str(plan.per_child),
        "first_child": str(first),
    }
    return BatchJob(
        name=names.job_name(plan.run, number),
        queue=destination.queue,
        definition=destination.definition,
        size=size,
        parameters=parameters,
        vcpus=plan.vcpus,
        memory=plan.memory,
    )
