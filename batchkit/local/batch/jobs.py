"""All jobs, and the one place where a job changes its state."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from batchkit.local.batch.describe import child_id
from batchkit.local.batch.model import AnyJob, ArrayJob, Job, Spec, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batchkit.local.batch.clock import Clock


class JobStore:
    """Jobs by id. Not thread-safe: whoever uses it holds the scheduler's lock."""

    def __init__(self, clock: Clock, changed: Callable[[AnyJob], None]) -> None:
        """`changed` is called after every change of state, the initial submission included."""
        self._clock = clock
        self._changed = changed
        self._jobs: dict[str, AnyJob] = {}
        self.unfinished = 0

    def add(self, spec: Spec, size: int | None) -> AnyJob:
        """A new job in SUBMITTED: an array of `size` children, a plain one if `size` is None."""
        job_id, now, number = str(uuid.uuid4()), self._clock.now(), len(self._jobs)
        job: AnyJob = Job(job_id, spec, now, number)
        if size is not None:
            job = ArrayJob(job_id, spec, now, number, size)
        self._jobs[job_id] = job
        self.unfinished += 1
        self._changed(job)
        return job

    def find(self, job_id: str) -> AnyJob | None:
        """The job or child of that id, None if there is none."""
        parent_id, colon, index = job_id.partition(":")
        job = self._jobs.get(parent_id)
        if not colon:
            return job
        # Only the canonical form is an id: `int` would also take "007", "1_0", " 7" and other digits.
        if isinstance(job, ArrayJob) and index.isdecimal() and str(int(index[:6])) == index:
            return self.child(job, int(index)) if int(index) < job.size else None
        return None

    def child(self, array: ArrayJob, index: int) -> Job:
        """The child's object, made now if nobody has needed it before."""
        child = array.children[index]
        if child is None:
            child = Job(
                id=child_id(array.id, index),
                spec=array.spec,
                created_at=array.created_at,
                number=array.number,
                index=index,
                parent=array,
                status=array.untouched,
            )
            array.children[index] = child
        return child

    def newest_first(self) -> Iterator[AnyJob]:
        """Plain jobs and parents, the latest submission first."""
        return reversed(self._jobs.values())

    def move(self, job: AnyJob, status: Status, reason: str | None = None) -> None:
        """Put `job` into `status` with the status reason `reason`."""
        now = self._clock.now()
        if isinstance(job, Job) and job.parent is not None:
            job.parent.counts[job.status] -= 1
            job.parent.counts[status] += 1
            job.parent.counted_at = now
        elif status.is_final:
            self.unfinished -= 1
        job.status, job.status_reason = status, reason
        if status.is_final:
            job.stopped_at = now
        self._changed(job)
