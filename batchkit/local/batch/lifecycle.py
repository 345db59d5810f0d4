"""What follows from what: every transition of jobs but for the start of an attempt.

Single-threaded on purpose: whoever calls holds the scheduler's lock. Ends of jobs have consequences for
other jobs (dependents, the next child, the parent), and chains of them can be 10,000 long: they go through
a list, not through the stack.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from batchkit.local.batch import dependencies
from batchkit.local.batch.dependencies import Gate
from batchkit.local.batch.lines import Feed, Lines, Single
from batchkit.local.batch.model import (
    ARRAY_CHILD_FAILED,
    DEPENDENT_FAILED,
    AnyJob,
    ArrayJob,
    Attempt,
    Job,
    Status,
)
from batchkit.local.batch.retry import is_repeated

if TYPE_CHECKING:
    from batchkit.local.batch.jobs import JobStore


class Lifecycle:
    """Moves the jobs of `store` and keeps `lines` informed."""

    def __init__(self, store: JobStore, lines: Lines) -> None:
        self._store = store
        self._lines = lines
        self._dependents: dict[str, list[AnyJob]] = defaultdict(list)
        self._index_dependents: dict[str, list[ArrayJob]] = defaultdict(list)
        self._ends: deque[tuple[AnyJob, Status, str | None]] = deque()
        self._ending = False

    def submitted(self, job: AnyJob) -> None:
        """A new job: into the line, or waiting for those that it depends on."""
        for job_id in dependencies.whole_jobs(job.spec.depends_on):
            self._dependents[job_id].append(job)
        if isinstance(job, ArrayJob):
            for job_id in dependencies.arrays_index_by_index(job.spec.depends_on):
                self._index_dependents[job_id].append(job)
        if job.spec.depends_on:
            self._store.move(job, Status.PENDING)
        self._recheck(job)

    def attempt_ended(self, job: Job, attempt: Attempt, *, stopped: bool) -> None:
        """An attempt is over. `stopped` tells that Batch itself stopped it: then there is no other."""
        job.attempts = (*job.attempts, attempt)
        cancelled = job.parent is not None and job.parent.cancelled
        if attempt.exit_code == 0 and not stopped:
            self._end(job, Status.SUCCEEDED, attempt.status_reason)
        elif stopped or cancelled or not is_repeated(job.spec.retry, len(job.attempts), attempt):
            self._end(job, Status.FAILED, attempt.status_reason)
        else:
            self._store.move(job, Status.RUNNABLE)
            self._lines.of(job).push_front(Single(job))

    def refused(self, job: Job, reason: str) -> None:
        """The job can never be started."""
        self._end(job, Status.FAILED, reason)

    def cancel(self, job: AnyJob, reason: str) -> None:
        """End what has not been started yet. No effect on jobs that have."""
        if not job.status.is_waiting:
            return
        job.cancelled, job.stop_reason = True, reason
        if isinstance(job, Job):
            self._cancel_one(job)
        elif job.admitted:
            for index in range(job.size):
                self._cancel_child(job, index)

    def _cancel_child(self, array: ArrayJob, index: int) -> None:
        if array.child_status(index).is_waiting:
            child = self._store.child(array, index)
            child.cancelled, child.stop_reason = True, array.stop_reason
            self._cancel_one(child)

    def _cancel_one(self, job: Job) -> None:
        # API reference, CancelJob: "A PENDING job is cancelled after all dependency jobs are completed."
        if job.status is Status.RUNNABLE or self._gate_of(job) is not Gate.SHUT:
            self._end(job, Status.FAILED, job.stop_reason)

    def _gate_of(self, job: Job) -> Gate:
        if job.parent is None:
            return dependencies.job_gate(job.spec.depends_on, self._store.find)
        if not job.parent.admitted:
            return Gate.SHUT
        return dependencies.child_gate(job.parent, job.index or 0, self._store.find)

    def _end(self, job: AnyJob, status: Status, reason: str | None) -> None:
        self._ends.append((job, status, reason))
        if self._ending:
            return
        self._ending = True
        while self._ends:
            job, status, reason = self._ends.popleft()
            if not job.status.is_final:
                self._store.move(job, status, reason)
                self._consequences(job)
        self._ending = False

    def _consequences(self, job: AnyJob) -> None:
        for dependent in self._dependents.pop(job.id, ()):
            self._recheck(dependent)
        array = job.parent if isinstance(job, Job) else None
        if not isinstance(job, Job) or array is None or job.index is None:
            return
        if dependencies.is_sequential(array.spec.depends_on) and job.index + 1 < array.size:
            self._recheck_child(array, job.index + 1)
        for dependent in self._index_dependents.get(array.id, ()):
            self._recheck_child(dependent, job.index)
        self._roll_up(array)

    def _roll_up(self, array: ArrayJob) -> None:
        if array.finished < array.size:
            return
        if array.counts[Status.FAILED]:
            reason = array.failing or array.stop_reason or ARRAY_CHILD_FAILED
            self._end(array, Status.FAILED, reason)
        else:
            self._end(array, Status.SUCCEEDED, None)

    def _recheck(self, job: AnyJob) -> None:
        """Whether `job`, which waits for whole jobs, still has to."""
        if job.status not in (Status.SUBMITTED, Status.PENDING):
            return
        gate = dependencies.job_gate(job.spec.depends_on, self._store.find)
        if gate is Gate.SHUT or (isinstance(job, ArrayJob) and job.admitted):
            return
        if job.cancelled or gate is Gate.BROKEN:
            self._give_up(job, (job.stop_reason if job.cancelled else None) or DEPENDENT_FAILED)
        else:
            self._admit(job)

    def _give_up(self, job: AnyJob, reason: str) -> None:
        if isinstance(job, Job):
            self._end(job, Status.FAILED, reason)
            return
        job.failing = reason
        for index in range(job.size):
            self._end(self._store.child(job, index), Status.FAILED, reason)

    def _admit(self, job: AnyJob) -> None:
        line = self._lines.of(job)
        if isinstance(job, Job):
            self._store.move(job, Status.RUNNABLE)
            line.append(Single(job))
            return
        job.admitted = True
        if not dependencies.has_order_of_its_own(job.spec.depends_on):
            line.append(Feed(job, self._make_runnable))
            return
        for index in range(job.size):
            self._recheck_child(job, index)

    def _recheck_child(self, array: ArrayJob, index: int) -> None:
        """Whether a child that waits for single children still has to."""
        if not array.admitted or array.child_status(index) is not array.untouched:
            return
        gate = dependencies.child_gate(array, index, self._store.find)
        if gate is Gate.SHUT:
            return
        child = self._store.child(array, index)
        if child.cancelled or gate is Gate.BROKEN:
            self._give_up(child, (child.stop_reason if child.cancelled else None) or DEPENDENT_FAILED)
        else:
            self._lines.of(child).append(Single(self._make_runnable(array, index)))

    def _make_runnable(self, array: ArrayJob, index: int) -> Job:
        child = self._store.child(array, index)
        self._store.move(child, Status.RUNNABLE)
        if array.status is Status.SUBMITTED:
            self._store.move(array, Status.PENDING)
        return child
