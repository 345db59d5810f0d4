"""Tests of batchkit.planning.failures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.failures import (
    CANCELLED,
    FailureClass,
    diagnose,
    failure_class,
    fingerprint,
    waiting,
)

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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cannot read 'a b.jpg' at byte 12", "cannot read 'c.jpg' at byte 4711.5"),
        ("GET s3://b/k failed", "GET s3://b/other failed"),
        ("no file /scratch/x1", "no file /scratch/y/z"),
        ("request 0a1b2c3d4e5f failed", "request 9f8e7d6c5b4a failed"),
        ("too  large:\n3000 px", "too large: 12 px"),
    ],
)
def test_two_occurrences_of_an_error_have_one_fingerprint(one: str, other: str) -> None:
    assert fingerprint("E", one) == fingerprint("E", other)
    assert fingerprint("E", one) != fingerprint("F", one)


def test_different_errors_have_different_fingerprints() -> None:
    assert fingerprint("E", "cannot read") != fingerprint("E", "cannot write")


@given(st.text(max_size=5000), st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_make_no_difference_and_fingerprints_stay_short(text: str, one: int, other: int) -> None:
    first = fingerprint("E", f"size {one} {text}")
    assert first == fingerprint("E", f"size {other} {text}") or len(text) > 900
    assert len(first) <= 200


@pytest.mark.parametrize("status", ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"])
def test_every_status_is_explained(status: str) -> None:
    assert waiting(status, "").message
    assert waiting(status, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - x").error_class == "NotPlaced"
