"""Which rules an event may meet at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from batchkit.local.events.matching import is_possible

EVENT = {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": {"status": "FAILED"}}

WORDS = st.sampled_from(["aws.batch", "aws.s3", "Batch Job State Change", "Object Created"])
WANTED = st.lists(WORDS | st.fixed_dictionaries({"prefix": WORDS}), min_size=1)
PATTERNS = st.dictionaries(st.sampled_from(["source", "detail-type"]), WANTED, min_size=1)
EVENTS = st.fixed_dictionaries({"source": WORDS, "detail-type": WORDS, "detail": st.just({})})


@pytest.mark.parametrize(
    ("pattern", "possible"),
    [
        ({"source": ["aws.batch"]}, True),
        ({"source": ["aws.s3"]}, False),
        ({"source": ["aws.s3", "aws.batch"], "detail-type": ["Object Created"]}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": ["aws.s3", {"prefix": "mine."}]}, True),
        ({"detail": {"status": ["SUCCEEDED"]}}, True),
    ],
)
def test_only_what_a_plain_list_leaves_out_is_impossible(pattern: dict[str, Any], possible: bool) -> None:
    assert is_possible(pattern, EVENT) is possible


@given(PATTERNS, EVENTS)
def test_what_the_matcher_matches_is_never_impossible(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    matched = EventPattern("", pattern).matches_event(event)
    assert not matched or is_possible(pattern, event)
