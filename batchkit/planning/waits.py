"""What a job that did not fail is waiting for, by its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.planning.diagnoses import BY_STATUS_REASON, Diagnosis, FailureClass

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAITING = {
    "SUBMITTED": ("Batch has the job and has not looked at it yet", "wait"),
    "PENDING": ("children of the array are waiting or running", "wait; batchkit status {run}"),
    "RUNNABLE": (
        "the job waits for capacity",
        "wait; if it lasts: is there Spot capacity, do the subnets have a way out, does max_vcpus allow it?",
    ),
    "STARTING": ("the container is being started, its image pulled", "wait"),
    "RUNNING": ("the container is running", "batchkit logs {run} --child A:I --follow"),
    "SUCCEEDED": ("nothing failed; every item has an outcome in the ledger", "batchkit results {run}"),
}


def known_waits() -> Iterator[tuple[str, Diagnosis]]:
    """What each status of a job that did not fail means."""
    for status in _WAITING:
        yield status, waiting(status, "")


def waiting(status: str, status_reason: str) -> Diagnosis:
    """Why a job that did not fail is where it is."""
    for start, entry in BY_STATUS_REASON:
        if status_reason.startswith(start):
            return entry.telling(f"{entry.message} ({status_reason})")
    message, fix = _WAITING.get(status, ("batchkit does not know this status", "look at AWS Batch's console"))
    return Diagnosis("", FailureClass.INFRASTRUCTURE, message, fix)
