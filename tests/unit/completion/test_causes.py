from __future__ import annotations

import pytest

from batchkit.completion.causes import cause
from batchkit.planning.records import ChildFailure

EXITED = "Essential container in task exited"


@pytest.mark.parametrize(
    ("status_reason", "reason", "exit_code", "expected"),
    [
        (EXITED, "OutOfMemoryError: container killed due to memory usage", 137, "OutOfMemory"),
        ("Job attempt duration exceeded timeout", "", 137, "Timeout"),
        ("Host EC2 (instance i-0abc) terminated.", "", 143, "HostLost"),
        ("Your Spot Task was interrupted.", "", 137, "SpotInterrupted"),
        ("Task failed to start", "CannotPullContainerError: not found", None, "NotStarted"),
        ("CannotPullContainerError: not found", "", None, "NotStarted"),
        ("Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION", "", None, "NotPlaced"),
        (EXITED, "", 65, "BadData"),
        (EXITED, "", 70, "InternalError"),
        (EXITED, "", 75, "Interrupted"),
        (EXITED, "", 77, "PermissionDenied"),
        (EXITED, "", 78, "ConfigError"),
        (EXITED, "", 139, "Crashed"),
        ("stopped by Ann", "", None, "Stopped"),
        ("", "", None, "Stopped"),
    ],
)
def test_a_childs_end_has_a_name(
    status_reason: str, reason: str, exit_code: int | None, expected: str
) -> None:
    failure = ChildFailure("r", 0, 1, "j", exit_code, status_reason, reason, attempts=1)
    found = cause(failure)
    assert found.error_class == expected
    assert found.message


@pytest.mark.parametrize("name", ["CannotPullContainerError", "CannotStartContainerError"])
def test_what_the_engine_said_of_a_container_that_did_not_start_is_shown(name: str) -> None:
    reason = f"{name}: the engine has no image w:1; make it with `batchkit image build`"
    failure = ChildFailure("r", 0, 1, "j", None, "Task failed to start", reason, attempts=1)
    assert reason in cause(failure).message


def test_a_missing_image_is_made_with_a_command() -> None:
    reason = "CannotPullContainerError: not found"
    failure = ChildFailure("r", 0, 1, "j", None, "Task failed to start", reason, attempts=1)
    assert "batchkit image build" in cause(failure).fix


def test_a_reclaim_that_the_container_survived_to_tell_is_still_a_reclaim() -> None:
    failure = ChildFailure("r", 0, 1, "j", 75, "Your Spot Task was interrupted.", "", attempts=5)
    assert cause(failure).error_class == "SpotInterrupted"
