from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.dead_letters import look_up, parse, transformed

TRANSFORMER = {
    "InputPathsMap": {"key": "$.detail.object.key", "size": "$.detail.object.size", "none": "$.detail.no"},
    "InputTemplate": '{"Parameters": {"key": <key>, "size": "<size>", "text": "a <key> b", "none": <none>}}',
}


def event(key: str) -> dict[str, object]:
    return {"detail": {"bucket": {"name": "b"}, "object": {"key": key, "size": 7}}}


@given(st.text())
def test_whatever_a_key_holds_arrives_as_it_is(key: str) -> None:
    parameters = json.loads(transformed(TRANSFORMER, event(key)))["Parameters"]
    assert parameters == {"key": key, "size": "7", "text": f"a {key} b", "none": ""}


def test_a_letter_of_a_rule_says_which_and_why() -> None:
    attributes = {"RULE_ARN": "arn:rule", "TARGET_ARN": "arn:queue", "ERROR_CODE": "THROTTLING"}
    letter = parse("1", json.dumps(event("k")), attributes)
    assert (letter.kind, letter.arn, letter.target, letter.about) == (
        "rule",
        "arn:rule",
        "arn:queue",
        "s3://b/k",
    )
    assert "SubmitJob" in letter.advice


def test_a_letter_of_a_function_has_no_rule() -> None:
    letter = parse("1", "{}", {"RequestID": "r", "ErrorCode": "200", "ErrorMessage": "boom"})
    assert (letter.kind, letter.error, letter.message) == ("function", "200", "boom")


def test_what_is_no_event_is_shown_as_it_is() -> None:
    assert parse("1", "hello", {}).body == {"text": "hello"}
    assert parse("1", "[1]", {}).kind == "unknown"


def test_paths_lead_into_lists() -> None:
    assert look_up({"a": [{"b": 1}]}, "$.a[0].b") == 1
    assert look_up({"a": []}, "$.a[0].b") == ""
