"""What waits in the queues: runnable jobs and children, and since when."""

from __future__ import annotations

from typing import Any

import pytest

from batchkit.completion.waiting import Waiting, blocked, look


class Jobs:
    """Queues with these jobs, by queue and status."""

    def __init__(self, jobs: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
        self.jobs = jobs

    def listed(self, queue: str, status: Any, pages: int) -> list[dict[str, Any]]:
        assert pages > 0
        return self.jobs.get((queue, status), [])


def parent(created: int, **summary: int) -> dict[str, Any]:
    return {"createdAt": created, "arrayProperties": {"size": 10, "statusSummary": summary}}


def test_plain_jobs_and_children_count_and_the_oldest_of_them() -> None:
    jobs = Jobs(
        {
            ("photos-bulk", "RUNNABLE"): [{"createdAt": 9_000}, {"createdAt": 7_000}],
            ("photos-bulk", "PENDING"): [
                parent(5_000, RUNNABLE=4, RUNNING=6),
                parent(1_000, RUNNING=3, SUCCEEDED=7),
                {"createdAt": 500},
            ],
        }
    )
    found = look(jobs, "photos", "bulk")
    assert found == Waiting("bulk", 6, 5_000)
    assert found.values(65_999) == {"Waiting": 6, "OldestWaiting": 60}


def test_an_empty_queue_has_nothing_that_waits() -> None:
    assert look(Jobs({}), "photos", "upload") == Waiting("upload", 0, 0)


QUEUE = "arn:aws:batch:eu-west-1:111122223333:job-queue/photos-upload"
JOB = "arn:aws:batch:eu-west-1:111122223333:job/1"


@pytest.mark.parametrize("detail", [{"jobQueue": QUEUE}, {}])
def test_a_blocked_queue_is_named_with_its_reason(detail: dict[str, str]) -> None:
    event = {
        "detail-type": "Batch Job Queue Blocked",
        "resources": [JOB, QUEUE],
        "detail": {"jobId": "1", "statusReason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - x", **detail},
    }
    assert blocked(event) == {
        "blocked": QUEUE,
        "job": "1",
        "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - x",
    }


@pytest.mark.parametrize("event", [{}, {"detail-type": "Batch Job State Change"}])
def test_any_other_event_asks_for_a_look(event: dict[str, Any]) -> None:
    assert blocked(event) is None
