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
