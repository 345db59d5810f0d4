"""What waits in the project's queues. AWS Batch publishes no metric of it, so it is looked at now and then.

An array's children are in no list of a queue: their parent says how many are runnable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.completion.reading import items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BLOCKED = "Batch Job Queue Blocked"

# Ten thousand jobs of each status: beyond that the figures are lower bounds, and the look stays short.
PAGES = 10


class Jobs(Protocol):
    """What a look needs of Batch; `aws.queue.Queue` is one."""

    def listed(self, queue: str, status: Any, pages: int) -> Iterable[Mapping[str, Any]]: ...


@dataclass(frozen=True)
class Waiting:
    """`jobs` are runnable plain jobs and children, the oldest submitted at `since` (epoch milliseconds)."""

    lane: str
    jobs: int
    since: int

    def values(self, now: int) -> dict[str, float]:
        """As metrics, at `now` (epoch milliseconds)."""
        return {"Waiting": self.jobs, "OldestWaiting": max(0, now - self.since) // 1000}


def look(queue: Jobs, project: str, lane: str) -> Waiting:
    """What waits in one lane; jobs that wait for others do not count."""
    name = f"{project}-{lane}"
    plain = [(1, job) for job in queue.listed(name, "RUNNABLE", PAGES)]
    parents = [(_runnable(job), job) for job in queue.listed(name, "PENDING", PAGES)]
    found = [(count, job) for count, job in (*plain, *parents) if count]
    return Waiting(
        lane=lane,
        jobs=sum(count for count, _ in found),
        since=min((int(job.get("createdAt") or 0) for _, job in found), default=0),
    )


def blocked(event: Mapping[str, Any]) -> dict[str, str] | None:
    """The queue that an event says is blocked, the job at its head, and why; None for any other event."""
    if event.get("detail-type") != BLOCKED:
        return None
    detail = mapping(event, "detail")
    queue = next((each for each in items(event, "resources") if ":job-queue/" in str(each)), "")
    return {
        "blocked": text(detail, "jobQueue") or str(queue),
        "job": text(detail, "jobId"),
        "reason": text(detail, "statusReason"),
    }


def _runnable(parent: Mapping[str, Any]) -> int:
    summary = (parent.get("arrayProperties") or {}).get("statusSummary") or {}
    return int(summary.get("RUNNABLE", 0))
