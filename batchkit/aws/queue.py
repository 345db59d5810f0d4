"""AWS Batch as those see it who start jobs: submit once, look up by name, describe parents, terminate.

SubmitJob has no client token: a call that is sent twice makes two arrays. So the SDK's retries are off
for it, and an answer that got lost is another error than a refusal: see `runs.adopt`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from batchkit.aws.errors import http_status, translated
from batchkit.errors import Unanswered
from batchkit.planning.resources import MEMORY_VARIABLE

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_batch.literals import JobStatusType
    from mypy_boto3_batch.type_defs import JobSummaryTypeDef

    from batchkit.aws.clients import Clients

# AWS Batch User Guide, "Service quotas": SubmitJob takes 50 calls a second, for all of an account and
# Region together. Uploads submit jobs, too: the larger part is left to them.
SUBMITS_PER_SECOND = 20

# AWS Batch API reference, DescribeJobs: "A list of up to 100 job IDs."
MAX_DESCRIBED = 100

# AWS Batch API reference, TerminateJob: "up to 1,024 characters".
MAX_REASON = 1024

# The request never left this machine, or nobody took it: certainly no job was made.
_NEVER_SENT = (
    boto.ConnectTimeoutError,
    boto.EndpointConnectionError,
    boto.ProxyConnectionError,
    boto.SSLError,
)
_NEVER_ANSWERED = (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError)


@dataclass(frozen=True)
class BatchJob:
    """A job to submit: an array of `size` children, or a plain job where `size` is 1.

    `vcpus` and `memory` (MiB) override the job definition where they are not 0.
    """

    name: str
    queue: str
    definition: str
    size: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    vcpus: float = 0
    memory: int = 0


class Pace:
    """At most so many calls a second, evenly spread. Safe to share between threads."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if per_second <= 0:
            raise ValueError(f"impossible rate: {per_second}")
        self._interval = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def wait(self) -> None:
        """Return when the next call may go out."""
        with self._lock:
            now = self._clock()
            mine = max(now, self._next)
            self._next = mine + self._interval
        if mine > now:
            self._sleep(mine - now)


class Queue:
    """The jobs of one account and Region. All calls raise Throttled, PermissionDenied or ConfigError."""

    def __init__(self, client: BatchClient, submitter: BatchClient, pace: Pace | None = None) -> None:
        """`submitter` is a client that tries once."""
        self._client = client
        self._submitter = submitter
        self._pace = pace or Pace(SUBMITS_PER_SECOND)

    @classmethod
    def of(cls, clients: Clients, pace: Pace | None = None) -> Queue:
        return cls(clients.batch, clients.submitter, pace)

    def submit(self, job: BatchJob) -> str:
        """Submit a job, with one call; its id.

        Raises Unanswered when nobody knows whether there is a job now; after any other error there is none.
        """
        self._pace.wait()
        with translated(f"submitting the job '{job.name}'"):
            try:
                return self._submitter.submit_job(**_request(job))["jobId"]
            except (boto.ClientError, boto.BotoCoreError, ResponseParserError) as error:
                if _is_ambiguous(error):
                    raise _unanswered(job, error) from error
                raise

    def find(self, queue: str, name: str) -> str | None:
        """The id of the newest job of that name, whatever became of it, or None.

        Batch keeps the jobs of a week.
        """
        newest: tuple[int, str] | None = None
        # With a filter, jobs in every status come (API reference, ListJobs); it ignores the case of names.
        pages = self._client.get_paginator("list_jobs").paginate(
            jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [name]}]
        )
        with translated(f"looking for the job '{name}'"):
            for job in (job for page in pages for job in page["jobSummaryList"]):
                if job["jobName"] == name:
                    found = (job.get("createdAt", 0), job["jobId"])
                    newest = found if newest is None else max(newest, found)
        return newest[1] if newest else None

    def listed(self, queue: str, status: JobStatusType, pages: int) -> Iterator[JobSummaryTypeDef]:
        """The parents and plain jobs of a queue in one status, at most so many pages of a thousand."""
        found = self._client.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus=status)
        with translated(f"listing the jobs of '{queue}'"):
            for page in islice(found, pages):
                yield from page["jobSummaryList"]

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The jobs, a hundred a call; those that Batch has forgotten are left out."""
        rest = iter(ids)
        while some := list(islice(rest, MAX_DESCRIBED)):
            with translated(f"describing {len(some)} jobs"):
                answer = self._client.describe_jobs(jobs=some)
            yield from (dict(job) for job in answer["jobs"])

    def terminate(self, job: str, reason: str) -> None:
        """End a job and, of an array, all children, with one call. A job that has ended stays as it is."""
        with translated(f"terminating the job '{job}'"):
            self._client.terminate_job(jobId=job, reason=reason[:MAX_REASON])


def _request(job: BatchJob) -> dict[str, Any]:
    request: dict[str, Any] = {
        "jobName": job.name,
        "jobQueue": job.queue,
        "jobDefinition": job.definition,
        "parameters": dict(job.parameters),
    }
    if job.size > 1:
        request["arrayProperties"] = {"size": job.size}
    wanted = {"VCPU": f"{job.vcpus:g}", "MEMORY": str(job.memory)}
    resources = [{"type": kind, "value": value} for kind, value in wanted.items() if value != "0"]
    if resources:
        request["containerOverrides"] = {"resourceRequirements": resources}
    if job.memory:
        # The worker cannot see on every platform what the kernel enforces.
        told = [{"name": MEMORY_VARIABLE, "value": str(job.memory)}]
        request["containerOverrides"]["environment"] = told
    return request


def _is_ambiguous(error: Exception) -> bool:
    """Whether the call may have taken effect. Throttling (429) has not: Batch refuses before it acts."""
    if isinstance(error, boto.ClientError):
        return http_status(error) >= 500
    # An answer that broke off half-way is no BotoCoreError.
    broken_off = isinstance(error, (*_NEVER_ANSWERED, ResponseParserError))
    return broken_off and not isinstance(error, _NEVER_SENT)


def _unanswered(job: BatchJob, error: Exception) -> Unanswered:
    return Unanswered(
        f"nobody knows whether AWS took the job '{job.name}'",
        found=str(error),
        expected="the id of the new job",
        fix="repeat the command: it looks the job up by its name before it submits one",
    )
