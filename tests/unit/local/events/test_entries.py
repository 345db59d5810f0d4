"""The entries of PutEvents: which requests fail as a whole, which entries fail alone."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.local.events.entries import MAX_BYTES, MAX_ENTRIES, checked, refused, size, time_of

GOOD: dict[str, Any] = {"Source": "mine", "DetailType": "t", "Detail": "{}"}

anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
members = st.sampled_from(["Source", "DetailType", "Detail", "EventBusName", "Resources", "Time", "Other"])
entry = st.dictionaries(members, anything)


@given(anything | st.lists(entry | anything, max_size=3))
def test_whatever_is_sent_is_refused_or_can_be_used(entries: Any) -> None:
    try:
        found = checked(entries)
    except ValueError:
        return
    for each in found:
        refused(each)
        assert len(time_of(each)) >= len("1-01-01T00:00:00Z")


@pytest.mark.parametrize("time", ["2024-01-01", True, math.nan, math.inf, 1e300, -1e300, [], {}])
def test_a_time_that_is_no_moment_is_refused(time: object) -> None:
    with pytest.raises(ValueError, match="Time"):
        checked([{**GOOD, "Time": time}])


@pytest.mark.parametrize("name", ["Source", "DetailType", "Detail", "EventBusName", "Resources"])
def test_the_message_names_the_entry_and_its_wrong_member(name: str) -> None:
    with pytest.raises(ValueError, match=rf"'entries\.2\.member' has (a )?{name} "):
        checked([GOOD, {**GOOD, name: 1}])


def test_a_time_is_carried_in_seconds_of_utc() -> None:
    assert time_of({**GOOD, "Time": 1_700_000_000.9}) == "2023-11-14T22:13:20Z"


def test_a_request_has_a_count_and_a_size() -> None:
    assert len(checked([GOOD] * MAX_ENTRIES)) == MAX_ENTRIES
    with pytest.raises(ValueError, match="length between 1 and 10"):
        checked([GOOD] * (MAX_ENTRIES + 1))
    room = MAX_BYTES - size({**GOOD, "Detail": ""})
    detail = json.dumps({"x": "y" * (room - len('{"x": ""}'))})
    assert checked([{**GOOD, "Detail": detail}])
    with pytest.raises(ValueError, match="over the limit"):
        checked([{**GOOD, "Detail": detail, "Resources": ["r"]}])


def test_a_detail_that_nests_without_end_is_malformed() -> None:
    assert refused({**GOOD, "Detail": '{"a":' * 100_000}) == ("MalformedDetail", "Detail is malformed.")
