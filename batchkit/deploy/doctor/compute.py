"""Compute: invalid environments, closed queues, jobs that wait, old revisions, Spot that comes and goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from batchkit.aws.errors import translated
from batchkit.aws.queue import Queue
from batchkit.deploy.doctor.finding import Finding, System
from batchkit.planning.waits import waiting

# A job may wait this long for a host to boot and an image to come; after that it is stuck.
PATIENCE_SECONDS = 900

# More than anybody reads; Batch lists the oldest last.
MAX_JOBS = 1000
MAX_EXAMPLES = 100
MAX_ARRAYS = 10

# An account holds as many as it likes; but each is a candidate for a mistake.
MAX_REVISIONS = 20

# Of the latest failed jobs, more than this share lost their host.
SPOT_SHARE = 0.2
SPOT_WORDS = ("Host EC2", "Your Spot Task was interrupted")


def environments(system: System) -> Iterator[Finding]:
    """Compute environments that are INVALID or disabled, with Batch's reason."""
    arns = list(system.resources("AWS::Batch::ComputeEnvironment").values())
    if not arns:
        return
    with translated("describing the compute environments"):
        answer = system.clients.batch.describe_compute_environments(computeEnvironments=arns)
    for one in answer["computeEnvironments"]:
        name, status = one["computeEnvironmentName"], one.get("status", "VALID")
        if status == "INVALID":
            yield Finding(
                "environment-invalid",
                f"the compute environment {name} is INVALID: {one.get('statusReason', 'no reason given')}",
                "it starts no jobs; with a second one in the queue, that one does all",
                "correct what the reason names (a role, a subnet, a launch template), then batchkit deploy",
            )
        if one.get("state") == "DISABLED":
            yield Finding(
                "environment-disabled",
                f"the compute environment {name} is disabled",
                "it starts no jobs",
                f"aws batch update-compute-environment --compute-environment {name} --state ENABLED",
            )


def queues(system: System) -> Iterator[Finding]:
    """Queues that take no jobs, and jobs that wait for longer than a host takes to boot."""
    arns = list(system.resources("AWS::Batch::JobQueue").values())
    if not arns:
        return
    with translated("describing the job queues"):
        answer = system.clients.batch.describe_job_queues(jobQueues=arns)
    for one in answer["jobQueues"]:
        if one.get("state") == "DISABLED":
            yield Finding(
                "queue-disabled",
                f"the queue {one['jobQueueName']} is disabled",
                "it takes no jobs: uploads become dead letters",
                f"aws batch update-job-queue --job-queue {one['jobQueueName']} --state ENABLED",
            )
        yield from _stuck(system, one["jobQueueName"])


def _stuck(system: System, queue: str) -> Iterator[Finding]:
    """Jobs that are RUNNABLE for too long, by Batch's reason."""
    pages = system.clients.batch.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus="RUNNABLE")
    with translated(f"listing what waits in {queue}"):
        jobs = islice((job for page in pages for job in page["jobSummaryList"]), MAX_JOBS)
        limit = (system.clock() - PATIENCE_SECONDS) * 1000
        late = [job["jobId"] for job in jobs if job.get("createdAt", limit) < limit]
    if not late:
        return
    described = Queue.of(system.clients).describe(late[:MAX_EXAMPLES])
    reasons = Counter(str(job.get("statusReason", "")) for job in described)
    for reason, count in reasons.items():
        why = waiting("RUNNABLE", reason)
        yield Finding(
            "stuck-jobs",
            f"{len(late):,} jobs of {queue} wait for more than {PATIENCE_SECONDS // 60} minutes; of the first"
            f" {min(len(late), MAX_EXAMPLES)}, {count} for this reason: {reason or 'none told'}",
            why.message,
            why.advice(),
        )


def revisions(system: System) -> Iterator[Finding]:
    """Old revisions of job definitions that nobody uses."""
    for part in ("upload", "bulk", "operations"):
        name = f"{system.project.name}-{part}"
        pages = system.clients.batch.get_paginator("describe_job_definitions").paginate(
            jobDefinitionName=name, status="ACTIVE"
        )
        with translated(f"listing the revisions of {name}"):
            count = sum(len(page["jobDefinitions"]) for page in pages)
        if count > MAX_REVISIONS:
            yield Finding(
                "old-revisions",
                f"{count} revisions of {name} are active",
                "a submission by number may still take an old image or role",
                f"aws batch deregister-job-definition --job-definition {name}:N for the old ones",
            )


def spot(system: System) -> Iterator[Finding]:
    """How many of the latest failures are hosts that were taken away."""
    for queue in (f"{system.project.name}-upload", f"{system.project.name}-bulk"):
        failures = list(_failed(system, queue))
        taken = [job for job in failures if str(job.get("statusReason", "")).startswith(SPOT_WORDS)]
        if taken and len(taken) > SPOT_SHARE * len(failures):
            yield Finding(
                "spot-draining",
                f"{len(taken)} of the latest {len(failures)} failed children of {queue} lost every host",
                "Spot capacity is taken back faster than children end",
                'smaller shards, more instance types, or [compute] type = "fargate" for a while',
            )


def _failed(system: System, queue: str) -> Iterator[Mapping[str, Any]]:
    """The latest failed jobs; of an array, its failed children: they say why, the parent does not."""
    batch = system.clients.batch
    with translated(f"listing what failed in {queue}"):
        jobs = batch.list_jobs(jobQueue=queue, jobStatus="FAILED", maxResults=MAX_EXAMPLES)["jobSummaryList"]
        arrays = [job["jobId"] for job in jobs if "size" in job.get("arrayProperties", {})]
        yield from (dict(job) for job in jobs if "size" not in job.get("arrayProperties", {}))
        for array in arrays[:MAX_ARRAYS]:
            answer = batch.list_jobs(arrayJobId=array, jobStatus="FAILED", maxResults=MAX_EXAMPLES)
            yield from (dict(job) for job in answer["jobSummaryList"])
