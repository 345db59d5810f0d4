"""A job submitted once, although SubmitJob has no client token.

The job's name is a function of the run. So whoever does not know whether a job was made, looks for its
name before submitting it, and takes what is there for the job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from batchkit.errors import Throttled, Unanswered

if TYPE_CHECKING:
    from batchkit.aws.queue import BatchJob

Sleep = Callable[[float], None]

# Seconds before each look: AWS does not say how soon ListJobs shows a new job.
LOOKS = (0.0, 1.0, 3.0)

# Seconds between two attempts to submit: 31 in all, longer than most throttling lasts.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)


class Jobs(Protocol):
    """What submitting needs of Batch; `aws.queue.Queue` is one."""

    def submit(self, job: BatchJob) -> str: ...

    def find(self, queue: str, name: str) -> str | None: ...


def submit_once(jobs: Jobs, job: BatchJob, sleep: Sleep, *, perhaps_there: bool) -> str:
    """The id of the one job of this name; `perhaps_there` when it may have been submitted before.

    Raises Throttled when Batch does not take it in the end; Unanswered when it may have taken it.
    """
    for wait in (*WAITS, None):
        found = look(jobs, job, sleep) if perhaps_there else None
        if found:
            return found
        try:
            return jobs.submit(job)
        except Throttled as error:
            perhaps_there = perhaps_there or isinstance(error, Unanswered)
            if wait is None:
                raise
            sleep(wait)
    raise AssertionError("unreachable")


def look(jobs: Jobs, job: BatchJob, sleep: Sleep) -> str | None:
    """The id of the job of this name, looked for several times; None when there is none."""
    for wait in LOOKS:
        sleep(wait)
        found = jobs.find(job.queue, job.name)
        if found:
            return found
    return None
