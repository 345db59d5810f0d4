"""Tests of batchkit.planning.failures, diagnoses and waits."""

from __future__ import annotations

import pytest

from batchkit.planning.diagnoses import CANCELLED, FailureClass
from batchkit.planning.failures import diagnose, failure_class, remedy
from batchkit.planning.waits import waiting

EXITED = "Essential container in task exited"


@pytest.mark.parametrize(
    ("exit_code", "status_reason", "reason", "expected"),
    [
        (137, EXITED, "OutOfMemoryError: Container killed due to memory usage", FailureClass.OOM),
        (137, "Job attempt duration exceeded timeout", "", FailureClass.TIMEOUT),
        (137, "Host EC2 (instance i-0abc) terminated.", "", FailureClass.SPOT),
        (137, "Your Spot Task was interrupted.", "", FailureClass.SPOT),
        (75, EXITED, "", FailureClass.SPOT),
        (65, EXITED, "", FailureClass.RECIPE),
        (139, EXITED, "", FailureClass.RECIPE),
        (77, EXITED, "", FailureClass.INFRASTRUCTURE),
        (None, "Task failed to start", "CannotPullContainerError: x", FailureClass.INFRASTRUCTURE),
        (None, f"{CANCELLED}: wrong folder", "", FailureClass.INFRASTRUCTURE),
        (None, "stopped by Ann", "", FailureClass.INFRASTRUCTURE),
    ],
)
def test_a_failure_has_the_class_of_its_remedy(
    exit_code: int | None, status_reason: str, reason: str, expected: FailureClass
) -> None:
    found = diagnose(exit_code, status_reason, reason)
    assert found.failure_class is expected
    assert found.fix
    assert failure_class(found.error_class) is expected


def test_exit_code_137_alone_is_no_lack_of_memory() -> None:
    assert diagnose(137, EXITED, "").failure_class is not FailureClass.OOM


def test_what_a_job_rejects_is_bad_input_and_what_it_raises_is_its_own_fault() -> None:
    assert failure_class("Truncated", rejected=True) is FailureClass.INPUT
    assert failure_class("ValueError") is FailureClass.RECIPE
    assert failure_class("MemoryError") is FailureClass.OOM
    assert failure_class("Throttled") is FailureClass.INFRASTRUCTURE


@pytest.mark.parametrize("rejected", [True, False])
@pytest.mark.parametrize("error_class", ["OutOfMemory", "MemoryError", "Timeout", "NoReport", "ValueError"])
def test_every_error_has_a_cause_and_a_fix_that_names_its_run(error_class: str, rejected: bool) -> None:
    found = remedy(error_class, rejected=rejected)
    assert found.error_class == error_class
    assert found.failure_class is failure_class(error_class, rejected=rejected)
    assert "batchkit retry b-1" in found.advice("b-1")
    assert "{" not in found.advice("b-1")


def test_only_the_place_of_the_run_is_filled_in() -> None:
    assert "RUNNABLE" not in waiting("PENDING", "").advice("b-1")
    assert waiting("SUCCEEDED", "").advice() == "batchkit results RUN"
    assert waiting("SUCCEEDED", "").advice("b-RUN") == "batchkit results b-RUN"


@pytest.mark.parametrize("status", ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"])
def test_every_status_is_explained(status: str) -> None:
    assert waiting(status, "").message
    assert waiting(status, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - x").error_class == "NotPlaced"
