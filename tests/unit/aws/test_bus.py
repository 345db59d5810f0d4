from __future__ import annotations

import json
from typing import Any, cast

import pytest

from batchkit.aws.bus import ATTEMPTS, MAX_ENTRIES, Announcement, Bus
from batchkit.errors import InternalError, Throttled


class Events:
    """Takes entries, except those whose turn to fail it is: `faults` are error codes by detail type."""

    def __init__(self, **faults: list[str]) -> None:
        self.taken: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self._faults = faults

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  botocore's spelling
        self.sizes.append(len(Entries))
        results = [self._result(entry) for entry in Entries]
        return {"FailedEntryCount": sum("ErrorCode" in r for r in results), "Entries": results}

    def _result(self, entry: dict[str, Any]) -> dict[str, str]:
        faults = self._faults.get(entry["DetailType"], [])
        if faults:
            return {"ErrorCode": faults.pop(0), "ErrorMessage": "as ordered"}
        self.taken.append(entry)
        return {"EventId": "1"}


def bus(events: Events, waits: list[float] | None = None) -> Bus:
    return Bus(cast("Any", events), "photos", sleep=(waits if waits is not None else []).append)


def names(events: Events) -> list[str]:
    return [entry["DetailType"] for entry in events.taken]


def test_an_event_carries_the_projects_source_and_its_detail_as_json() -> None:
    events = Events()
    bus(events).put([Announcement("Run Finished", {"key": 'ü "quoted"', "count": 3})])
    (entry,) = events.taken
    assert (entry["Source"], entry["DetailType"]) == ("batchkit.photos", "Run Finished")
    assert json.loads(entry["Detail"]) == {"key": 'ü "quoted"', "count": 3}


def test_more_events_than_one_call_takes_go_in_several() -> None:
    events = Events()
    bus(events).put(Announcement(str(number), {}) for number in range(2 * MAX_ENTRIES + 1))
    assert events.sizes == [MAX_ENTRIES, MAX_ENTRIES, 1]
    assert names(events) == [str(number) for number in range(2 * MAX_ENTRIES + 1)]


def test_only_the_entries_that_were_not_taken_are_sent_again() -> None:
    events, waits = Events(b=["ThrottlingException", "InternalFailure"]), list[float]()
    bus(events, waits).put(Announcement(name, {}) for name in "abc")
    assert (names(events), events.sizes) == (["a", "c", "b"], [3, 1, 1])
    assert waits == sorted(waits)
    assert len(waits) == 2


def test_an_entry_that_is_never_taken_is_an_error_that_may_be_retried() -> None:
    events = Events(a=["ThrottlingException"] * ATTEMPTS)
    with pytest.raises(Throttled, match="did not take all"):
        bus(events).put([Announcement("a", {})])
    assert len(events.sizes) == ATTEMPTS


def test_an_entry_that_is_wrong_is_not_sent_again() -> None:
    events = Events(a=["NotAuthorizedForSourceException"])
    with pytest.raises(InternalError, match="refused an event 'a'"):
        bus(events).put([Announcement("a", {})])
    assert len(events.sizes) == 1


def test_no_events_are_no_call() -> None:
    events = Events()
    bus(events).put([])
    assert events.sizes == []
