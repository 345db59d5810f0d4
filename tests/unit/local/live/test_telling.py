from __future__ import annotations

from typing import Any

import pytest

from batchkit.local.live.telling import MAX_TEXT, matched, target, told, unquoted
from batchkit.local.trace import Kind, Trace

EVENT = {
    "id": "e",
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"object": {"key": "a.jpg"}},
}


def line(kind: Kind, text: str = "text", **data: Any) -> dict[str, Any]:
    return told(Trace(kind, text, data, at=1.0), lambda _: {"source": ["aws.s3"]})


def test_an_event_is_told_by_what_names_it() -> None:
    assert line("event", event=EVENT) == {
        "kind": "event",
        "at": 1.0,
        "text": "text",
        "event": {"id": "e", "source": "aws.s3", "type": "Object Created", "subject": "a.jpg"},
    }


@pytest.mark.parametrize(
    ("detail", "subject"),
    [
        ({"jobName": "u-1", "status": "FAILED"}, "u-1 FAILED"),
        ({"run": "b-1", "state": "PARTIAL"}, "b-1 PARTIAL"),
        ({"object": "none", "status": 7}, ""),
        ({"object": {"key": 7}}, ""),
        ("text", ""),
        (None, ""),
    ],
    ids=str,
)
def test_an_event_of_any_shape_is_told(detail: Any, subject: str) -> None:
    assert line("event", event={**EVENT, "detail": detail})["event"]["subject"] == subject


def test_a_delivery_names_rule_target_and_what_the_rule_asked_about() -> None:
    found = line(
        "delivery", event=EVENT, rule="arn:aws:events:r:1:rule/bus/up", target="arn:aws:sns:r:1:done"
    )
    assert (found["rule"], found["target"], found["matched"]) == ("up", "sns done", ["source = aws.s3"])


@pytest.mark.parametrize(
    ("arn", "text"),
    [
        ("arn:aws:batch:r:1:job-queue/photos-upload", "batch photos-upload"),
        ("arn:aws:lambda:r:1:function:photos-completion", "lambda photos-completion"),
        ("arn:aws:sqs:r:1:queue", "sqs queue"),
        ("photos-completion", "photos-completion"),
    ],
)
def test_a_target_is_told_by_service_and_name(arn: str, text: str) -> None:
    assert target(arn) == text


def test_what_a_pattern_asks_about_and_the_event_lacks_is_left_out() -> None:
    pattern = {"detail": {"object": {"key": [{"suffix": ".jpg"}], "size": [1]}, "source": {"x": ["y"]}}}
    assert [*matched(pattern, EVENT)] == ["detail.object.key = a.jpg"]


def test_a_message_is_told_with_its_topic_and_not_without_end() -> None:
    found = line("message", topic="arn:aws:sns:r:1:photos", message="x" * (2 * MAX_TEXT))
    assert (found["topic"], len(found["text"])) == ("photos", MAX_TEXT)


@pytest.mark.parametrize(
    ("data", "kind"), [({"fate": "throttled"}, "fault"), ({"traceback": "…"}, "failure")], ids=str
)
def test_faults_on_purpose_are_told_apart_from_failures(data: dict[str, str], kind: str) -> None:
    assert line("log", **data)["kind"] == kind


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ('"a \\"b\\" c"', 'a "b" c'),
        ('"one"\n""\n"two"', "one\n\ntwo"),
        ('"one"\ntwo', '"one"\ntwo'),
        ('"one', '"one'),
        ('{"a": 1}', '{"a": 1}'),
        ("[" * 10_000, "[" * 10_000),
        ("", ""),
    ],
    ids=["string", "lines", "mixed", "open", "object", "deep", "empty"],
)
def test_a_message_of_json_strings_is_shown_as_a_reader_of_its_mail_wants_it(
    message: str, shown: str
) -> None:
    assert unquoted(message) == shown


def test_a_long_message_loses_its_quotes_before_its_end() -> None:
    found = line("message", topic="arn:aws:sns:r:1:photos", message=f'"{"x" * (2 * MAX_TEXT)}"')
    assert found["text"] == "x" * MAX_TEXT
