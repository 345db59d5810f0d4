"""Jobs in the wire shapes of the API: JobDetail and JobSummary. Treat what comes back as read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchkit.local.batch.model import AnyJob, ArrayJob, Attempt, Dependency

if TYPE_CHECKING:
    from collections.abc import Iterable


class Describer:
    """Renders jobs of one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    def job_arn(self, job_id: str) -> str:
        return f"arn:aws:batch:{self._region}:{self._account}:job/{job_id}"

    def task_arn(self, environment_name: str, task_id: str) -> str:
        return f"arn:aws:ecs:{self._region}:{self._account}:task/{environment_name}_Batch/{task_id}"

    def detail(self, job: AnyJob) -> dict[str, Any]:
        """DescribeJobs' JobDetail. `startedAt` is absent until an attempt has run, as on AWS."""
        spec = job.spec
        detail: dict[str, Any] = {
            "jobArn": self.job_arn(job.id),
            "jobName": spec.name,
            "jobId": job.id,
            "jobQueue": spec.queue_arn,
            "status": job.status.value,
            "attempts": [] if isinstance(job, ArrayJob) else [_attempt(each) for each in job.attempts],
            "createdAt": job.created_at,
            "retryStrategy": dict(spec.retry_strategy),
            "dependsOn": list(_dependencies(spec.depends_on)),
            "jobDefinition": spec.definition_arn,
            "parameters": dict(spec.parameters),
            "container": container(job),
            "tags": dict(spec.tags),
            "propagateTags": spec.propagate_tags,
            "platformCapabilities": list(spec.platform_capabilities),
        }
        detail.update(_optional(job))
        if spec.timeout is not None:
            detail["timeout"] = {"attemptDurationSeconds": spec.timeout}
        if spec.scheduling_priority is not None:
            detail["schedulingPriority"] = spec.scheduling_priority
        return detail

    def untouched_child(self, array: ArrayJob, index: int) -> dict[str, Any]:
        """JobSummary of a child that has no object yet."""
        return {
            "jobArn": self.job_arn(child_id(array.id, index)),
            "jobId": child_id(array.id, index),
            "jobName": array.spec.name,
            "createdAt": array.created_at,
            "status": array.untouched.value,
            "jobDefinition": array.spec.definition_arn,
            "arrayProperties": {"index": index},
        }

    def summary(self, job: AnyJob) -> dict[str, Any]:
        """ListJobs' JobSummary."""
        summary: dict[str, Any] = {
            "jobArn": self.job_arn(job.id),
            "jobId": job.id,
            "jobName": job.spec.name,
            "createdAt": job.created_at,
            "status": job.status.value,
            "jobDefinition": job.spec.definition_arn,
        }
        summary.update(_optional(job))
        last = _last_attempt(job)
        if last is not None:
            summary["container"] = _present(exitCode=last.exit_code, reason=last.reason)
        if isinstance(job, ArrayJob):
            summary["arrayProperties"] = {"size": job.size, "statusSummary": _counts(job)}
        return summary


def child_id(array_id: str, index: int) -> str:
    return f"{array_id}:{index}"


def array_properties(job: AnyJob) -> dict[str, Any] | None:
    """ArrayPropertiesDetail: `size` and no `index` for a parent, the reverse for a child."""
    if isinstance(job, ArrayJob):
        return {
            "statusSummary": _counts(job),
            "statusSummaryLastUpdatedAt": job.counted_at,
            "size": job.size,
        }
    if job.index is not None:
        return {"statusSummary": {}, "index": job.index}
    return None


def container(job: AnyJob) -> dict[str, Any]:
    """ContainerDetail: what was asked for, and how the current or last attempt stands."""
    detail = dict(job.spec.container)
    if isinstance(job, ArrayJob):
        return detail
    if job.run is not None:
        running = job.run.started_at is not None
        detail["taskArn"] = job.run.task_arn
        detail.update(_present(logStreamName=job.run.log_stream if running else None))
    elif job.attempts:
        detail.update(_attempt_container(job.attempts[-1]))
    return detail


def _optional(job: AnyJob) -> dict[str, Any]:
    return _present(
        statusReason=job.status_reason,
        startedAt=job.started_at,
        stoppedAt=job.stopped_at,
        arrayProperties=array_properties(job),
        shareIdentifier=job.spec.share_identifier,
        isCancelled=job.cancelled or None,
        isTerminated=job.terminated or None,
    )


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _last_attempt(job: AnyJob) -> Attempt | None:
    return None if isinstance(job, ArrayJob) or not job.attempts else job.attempts[-1]


def _counts(array: ArrayJob) -> dict[str, int]:
    return {status.value: count for status, count in array.counts.items()}


def _dependencies(dependencies: Iterable[Dependency]) -> Iterable[dict[str, str]]:
    for each in dependencies:
        yield _present(jobId=each.job_id, type=each.kind)


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "container": {**_attempt_container(attempt), "networkInterfaces": []},
        "statusReason": attempt.status_reason,
        **_present(startedAt=attempt.started_at, stoppedAt=attempt.stopped_at),
    }


def _attempt_container(attempt: Attempt) -> dict[str, Any]:
    return _present(
        taskArn=attempt.task_arn,
        exitCode=attempt.exit_code,
        reason=attempt.reason,
        logStreamName=attempt.log_stream,
    )
