"""Jobs and queues at a glance, for whoever looks on: counts, never ten thousand rows."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from batchkit.local.batch import launch
from batchkit.local.batch.model import AnyJob, ArrayJob, Job, Status

if TYPE_CHECKING:
    from batchkit.local.batch.jobs import JobStore
    from batchkit.local.batch.lines import Lines

Json = dict[str, Any]

# Of an array's children, those that somebody may want to look into come first. RUNNABLE are those that were
# tried and will be again.
INTERESTING = (Status.FAILED, Status.RUNNING, Status.STARTING, Status.RUNNABLE, Status.SUCCEEDED)

# A job's parameters that name what it is about, most telling first.
SUBJECTS = ("key", "run")


def jobs(store: JobStore, newest: int) -> list[Json]:
    """The `newest` plain jobs and arrays, the latest first, each with what it is about: all uploads' jobs
    have one name. Times in epoch milliseconds.
    """
    return [{**_row(job), "about": _about(job)} for job in itertools.islice(store.newest_first(), newest)]


def queues(lines: Lines) -> list[Json]:
    """Each queue that has ever had a job, with what its compute environments hold and have given away."""
    return [
        {
            "name": line.queue.name,
            "environments": [
                {"name": each.name, "vcpus": each.capacity.vcpus, "used": lines.used(each.arn).vcpus}
                for each in line.queue.environments
            ],
        }
        for line in lines.all()
    ]


def children(store: JobStore, array_id: str, most: int) -> list[Json]:
    """At most `most` children that have begun or ended; [] when there is no such array.

    Failed ones first, then in the order of their numbers: a row moves only when its child fails.
    """
    array = store.find(array_id)
    if not isinstance(array, ArrayJob):
        return []
    known: dict[Status, list[Job]] = {status: [] for status in INTERESTING}
    for child in array.children:
        if child is None or child.status not in known:
            continue
        if child.attempts or child.status is not Status.RUNNABLE:
            known[child.status].append(child)
    chosen = itertools.islice(itertools.chain(*known.values()), most)
    return [_row(child) for child in sorted(chosen, key=lambda one: (one.status != Status.FAILED, one.index))]


def streams(store: JobStore, job_id: str) -> tuple[str, list[str]] | None:
    """Log group, and the stream of each attempt, oldest first; None when there is no such job."""
    job = store.find(job_id)
    if not isinstance(job, Job):
        return None
    named = [attempt.log_stream for attempt in job.attempts if attempt.log_stream]
    return launch.log_group(job.spec), named + ([job.run.log_stream] if job.run else [])


def _about(job: AnyJob) -> str:
    """The parameter that tells jobs of one name apart; "" for a job that has none of them."""
    return next(filter(None, map(job.spec.parameters.get, SUBJECTS)), "")


def _row(job: AnyJob) -> Json:
    row: Json = {
        "id": job.id,
        "name": job.spec.name,
        "queue": job.spec.queue_name,
        "status": job.status.value,
        "reason": job.status_reason or "",
        "created": job.created_at,
    }
    if isinstance(job, ArrayJob):
        return {**row, "size": job.size, "counts": {k.value: n for k, n in job.counts.items() if n}}
    return {**row, "index": job.index, "attempts": len(job.attempts) + (job.run is not None)}
