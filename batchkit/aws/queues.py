"""Job queues as those see them who close them: no new jobs, and an end to those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from batchkit.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_batch.literals import JobStatusType

# Everything that has not ended, in the order in which a job passes through it: a job that moves on between
# two calls is met later, not missed.
ALIVE: tuple[JobStatusType, ...] = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")


class Queues:
    """The job queues of one account and Region."""

    def __init__(self, client: BatchClient) -> None:
        self._client = client

    def close(self, queue: str) -> bool:
        """Let the queue take no more jobs. False when there is no such queue."""
        with translated(f"disabling the queue '{queue}'"):
            try:
                self._client.update_job_queue(jobQueue=queue, state="DISABLED")
            except boto.ClientError as error:
                if "does not exist" in str(error):
                    return False
                raise
        return True

    def alive(self, queue: str) -> Iterator[str]:
        """The ids of plain jobs and of array parents that have not ended."""
        for status in ALIVE:
            pages = self._client.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus=status)
            with translated(f"listing the jobs of the queue '{queue}'"):
                for page in pages:
                    yield from (job["jobId"] for job in page["jobSummaryList"])

    def terminate(self, job: str, reason: str) -> None:
        """End a job, whatever it is doing; of an array, all children."""
        with translated(f"terminating the job '{job}'"):
            self._client.terminate_job(jobId=job, reason=reason)
