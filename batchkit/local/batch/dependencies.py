"""`dependsOn`: what a job waits for, and whether it still has to.

Three forms (AWS Batch User Guide, "Job dependencies"): a job id waits for that whole job; `SEQUENTIAL`
makes an array's child wait for the one before it; `N_TO_N` makes child i wait for child i of another array.
All of them wait for success: a failure on the way is final for whoever waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

from batchkit.local.batch import limits
from batchkit.local.batch.faults import refused
from batchkit.local.batch.model import AnyJob, ArrayJob, Dependency, Status

N_TO_N = "N_TO_N"
SEQUENTIAL = "SEQUENTIAL"

Find = Callable[[str], AnyJob | None]


class Gate(Enum):
    """Whether what is waited for has come."""

    OPEN = "open"
    SHUT = "shut"
    BROKEN = "broken"


def parse(entries: Sequence[Mapping[str, str]], size: int | None, find: Find) -> tuple[Dependency, ...]:
    """The wire form of `dependsOn` as data, for an array of `size` or a plain job (None)."""
    limits.dependency_count(len(entries))
    parsed = tuple(Dependency(entry.get("jobId"), entry.get("type")) for entry in entries)
    for dependency in parsed:
        _check(dependency, size, find)
    return parsed


def _check(dependency: Dependency, size: int | None, find: Find) -> None:
    if dependency.kind is not None and size is None:
        raise refused(f"A dependency of type {dependency.kind} needs an array job")
    if dependency.kind == SEQUENTIAL:
        if dependency.job_id is not None:
            raise refused("A dependency of type SEQUENTIAL cannot have a job id")
        return
    if dependency.job_id is None:
        raise refused("A dependency must have a job id or the type SEQUENTIAL")
    other = find(dependency.job_id)
    if other is None:
        raise refused(f"Job {dependency.job_id} that is depended on does not exist")
    if dependency.kind == N_TO_N and (not isinstance(other, ArrayJob) or other.size != size):
        raise refused(f"A dependency of type N_TO_N needs an array job of size {size}: {dependency.job_id}")


def whole_jobs(dependencies: Iterable[Dependency]) -> list[str]:
    """The ids of the jobs that must succeed before anything of this job starts."""
    return [each.job_id for each in dependencies if each.kind is None and each.job_id is not None]


def arrays_index_by_index(dependencies: Iterable[Dependency]) -> list[str]:
    """The ids of the arrays whose child i must succeed before child i of this one starts."""
    return [each.job_id for each in dependencies if each.kind == N_TO_N and each.job_id is not None]


def is_sequential(dependencies: Iterable[Dependency]) -> bool:
    return any(each.kind == SEQUENTIAL for each in dependencies)


def has_order_of_its_own(dependencies: Iterable[Dependency]) -> bool:
    """Whether an array's children become runnable one by one instead of all together."""
    return any(each.kind is not None for each in dependencies)


def job_gate(dependencies: Iterable[Dependency], find: Find) -> Gate:
    """The gate in front of a plain job, or of all children of an array."""
    return _gate(_status_of(find(job_id)) for job_id in whole_jobs(dependencies))


def child_gate(array: ArrayJob, index: int, find: Find) -> Gate:
    """The gate in front of one child, once the array's own gate is open."""
    awaited = []
    if index > 0 and is_sequential(array.spec.depends_on):
        awaited.append(array.child_status(index - 1))
    for job_id in arrays_index_by_index(array.spec.depends_on):
        other = find(job_id)
        awaited.append(other.child_status(index) if isinstance(other, ArrayJob) else Status.FAILED)
    return _gate(awaited)


def _status_of(job: AnyJob | None) -> Status:
    return Status.FAILED if job is None else job.status


def _gate(awaited: Iterable[Status]) -> Gate:
    gate = Gate.OPEN
    for status in awaited:
        if status is Status.FAILED:
            return Gate.BROKEN
        if status is not Status.SUCCEEDED:
            gate = Gate.SHUT
    return gate
