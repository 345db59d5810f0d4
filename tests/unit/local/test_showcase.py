"""Tests of batchkit.local.showcase: what can be told without a running stack."""

from __future__ import annotations

import threading

import pytest

from batchkit.local.showcase import Endings, ended_key
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


def test_an_upload_that_could_not_be_delivered_has_ended_with_a_reason() -> None:
    endings = Endings()
    event = {"detail-type": "Object Created", "detail": {"object": {"key": 'a"b.jpg'}}}
    endings(Trace("dead-letter", "upload-accepted: INVALID_JSON", {"event": event}))

    assert endings.wait(['a"b.jpg'], 0) == set()
    assert endings.lost == {'a"b.jpg': "upload-accepted: INVALID_JSON"}


def test_an_upload_that_is_only_delivered_has_not_ended() -> None:
    endings = Endings()
    event = {"detail-type": "Object Created", "detail": {"object": {"key": "a.jpg"}}}
    endings(Trace("event", "…", {"event": event}))
    endings(Trace("delivery", "…", {"event": event}))

    assert endings.wait(["a.jpg"], 0) == {"a.jpg"}
