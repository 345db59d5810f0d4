"""Tests of batchkit.local.showcase: what can be told without a running stack."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from batchkit.local.showcase import Endings, ended_key, key_of
from batchkit.local.trace import Trace


def finished(key: str) -> Trace:
    event = {"detail-type": "Run Finished", "detail": {"source": f"s3://originals/{key}"}}
    return Trace("event", "…", {"event": event})


def test_a_finished_run_and_a_refusal_both_end_their_source() -> None:
    assert ended_key({"detail-type": "Run Finished", "detail": {"source": "s3://b/a/b c.jpg"}}) == "a/b c.jpg"
    assert ended_key({"detail-type": "Item Rejected", "detail": {"key": "a.txt"}}) == "a.txt"


@pytest.mark.parametrize(
    "event",
    [
        {"detail-type": "Object Created", "detail": {"object": {"key": "a.jpg"}}},
        {"detail-type": "Run Finished", "detail": {"source": ""}},
        {},
    ],
)
def test_other_events_end_nothing(event: dict[str, object]) -> None:
    assert ended_key(event) is None


def test_waiting_returns_what_has_not_ended() -> None:
    endings = Endings()
    endings(finished("a"))

    assert endings.wait(["a", "b"], 0) == {"b"}
    assert endings.wait(["a"], 0) == set()


def test_waiting_is_over_when_the_last_source_ends_in_another_thread() -> None:
    endings = Endings()
    threading.Timer(0.01, endings, [finished("a")]).start()

    assert endings.wait(["a"], 30) == set()


def test_a_key_keeps_the_folders_below_the_root_and_no_others() -> None:
    assert key_of("up/", Path("/r/x/a.jpg"), Path("/r")) == "up/x/a.jpg"
    assert key_of("", Path("/elsewhere/a.jpg"), Path("/r")) == "a.jpg"
    assert key_of("", Path("/r/a.jpg"), None) == "a.jpg"
