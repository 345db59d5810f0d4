"""`Batch Job State Change` events, as they arrive on the account's default bus."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from batchkit.local.batch.model import AnyJob, ArrayJob
from batchkit.local.trace import Trace

if TYPE_CHECKING:
    from batchkit.local.batch.describe import Describer

SOURCE = "aws.batch"
STATE_CHANGE = "Batch Job State Change"
QUEUE_BLOCKED = "Batch Job Queue Blocked"


class Events:
    """Makes complete EventBridge envelopes for jobs of one account and region."""

    def __init__(self, account: str, region: str, describer: Describer) -> None:
        self._account = account
        self._region = region
        self._describer = describer

    def state_change(self, job: AnyJob, at: int) -> dict[str, Any]:
        """`at` is epoch milliseconds. The detail is the job as DescribeJobs shows it at this moment."""
        detail = self._detail(job)
        return self._envelope(STATE_CHANGE, at, [detail["jobArn"]], detail)

    def queue_blocked(self, job: AnyJob, reason: str, at: int) -> dict[str, Any]:
        """The job at the head of its queue can never be placed: `reason` says why."""
        detail = {**self._detail(job), "statusReason": reason}
        return self._envelope(QUEUE_BLOCKED, at, [detail["jobArn"], job.spec.queue_arn], detail)

    def _detail(self, job: AnyJob) -> dict[str, Any]:
        detail = self._describer.detail(job)
        detail["tags"]["resourceArn"] = detail["jobArn"]
        return detail

    def _envelope(self, kind: str, at: int, resources: list[str], detail: dict[str, Any]) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": SOURCE,
            "account": self._account,
            "time": datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": resources,
            "detail": detail,
        }


def trace(job: AnyJob, at: int) -> Trace:
    """One line and the few facts that a live view wants; `at` is epoch milliseconds."""
    attempts = 0 if isinstance(job, ArrayJob) else len(job.attempts) + (job.run is not None)
    data: dict[str, Any] = {
        "job": job.id,
        "name": job.spec.name,
        "queue": job.spec.queue_name,
        "status": job.status.value,
        "reason": job.status_reason,
        "attempt": attempts,
    }
    if isinstance(job, ArrayJob):
        data["size"] = job.size
    elif job.parent is not None:
        data.update(array=job.parent.id, index=job.index)
    return Trace("job", _line(job), data, at / 1000)


def _line(job: AnyJob) -> str:
    name = job.spec.name
    if isinstance(job, ArrayJob):
        name = f"{name} (array of {job.size})"
    elif job.index is not None:
        name = f"{name}:{job.index}"
    return f"{name} {job.status.value}" + (f": {job.status_reason}" if job.status_reason else "")
