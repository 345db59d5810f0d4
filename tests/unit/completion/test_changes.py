from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cloud import ROOT

from batchkit.completion import changes
from batchkit.completion.reading import epoch_seconds

SAMPLES = ROOT / "eventbridge" / "events" / "batch-finished"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def sample(name: str) -> dict[str, Any]:
    return dict(json.loads((SAMPLES / f"{name}.json").read_text()))


def test_a_failed_child_tells_its_index_and_why() -> None:
    change = changes.parse(sample("match/child-failed"))
    assert change is not None
    assert (change.index, change.size, change.failed, change.is_child) == (1, None, True, True)
    assert change.exit_code is None
    assert change.status_reason.startswith("Host EC2 (instance")
    assert change.attempts == 5
    assert change.log_stream.startswith("photos-upload/default/")


def test_an_exit_code_and_a_reason_are_found_in_the_last_attempt() -> None:
    change = changes.parse(sample("match/child-out-of-memory"))
    assert change is not None
    assert (change.exit_code, change.reason.split(":")[0]) == (137, "OutOfMemoryError")


def test_the_seconds_of_each_attempt_that_started_are_told() -> None:
    event = sample("match/child-failed")
    event["detail"]["attempts"] = [
        {"startedAt": 1000, "stoppedAt": 3001},
        {"stoppedAt": 9000},
        {"startedAt": 5000, "stoppedAt": 4000},
        "nonsense",
        {"startedAt": 5000, "stoppedAt": 5000},
    ]
    change = changes.parse(event)
    assert change is not None
    assert change.worked == (3, 0)


def test_a_whole_array_tells_its_size_and_is_no_child() -> None:
    change = changes.parse(sample("match/array-failed"))
    assert change is not None
    assert (change.index, change.size, change.is_array, change.is_child) == (None, 3, True, False)


def test_a_plain_job_is_neither_array_nor_child() -> None:
    change = changes.parse(sample("match/plain-succeeded"))
    assert change is not None
    assert (change.is_array, change.is_child, change.exit_code, change.failed) == (False, False, 0, False)
    assert change.parameters["key"] == "uploads/2026/beach.jpg"
    assert (change.started, change.stopped) == (1795162502, 1795162562)


def test_without_a_stop_time_the_events_time_counts() -> None:
    event = sample("match/plain-failed")
    del event["detail"]["stoppedAt"]
    change = changes.parse(event)
    assert change is not None
    assert change.stopped == epoch_seconds(event["time"]) == 1795162562


@pytest.mark.parametrize("name", ["running", "array-pending", "child-retried", "queue-blocked"])
def test_what_is_not_an_end_is_ignored(name: str) -> None:
    assert changes.parse(sample(f"miss/{name}")) is None


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=3), JSON)
def test_any_event_is_understood_or_ignored(event: dict[str, Any], detail: Any) -> None:
    assert changes.parse({**event, "detail": detail}) is None


FIELDS = sorted(sample("match/child-failed")["detail"])


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_a_change_survives_any_field_of_another_kind(damage: dict[str, Any]) -> None:
    event = sample("match/child-failed")
    event["detail"].update(damage)
    change = changes.parse(event)
    assert change is None or change.job


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("2026-11-20T08:16:02Z", 1795162562), ("2026-11-20T08:16:02", 1795162562), ("soon", 0), ("", 0)],
)
def test_a_time_is_utc_where_it_does_not_say(time: str, seconds: int) -> None:
    assert epoch_seconds(time) == seconds
