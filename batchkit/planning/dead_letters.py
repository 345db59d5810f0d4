"""What lies in a dead-letter queue, and how it is tried again.

Three kinds of messages: an event that a rule could not deliver (with the attributes of EventBridge User
Guide, "Using dead-letter queues"), an event that made a function fail three times (Lambda Developer Guide,
"Dead-letter queues"), and the input of a schedule (EventBridge Scheduler User Guide).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["rule", "function", "schedule", "unknown"]

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")

# EventBridge's words for why it gave up, and what helps.
ADVICE: Mapping[str, str] = {
    "FAILED_TO_ASSUME_ROLE": "batchkit deploy restores the target's role",
    "INVALID_JSON": "a control character in the key: a replay delivers it; a quote or backslash: rename it",
    "INVALID_PARAMETER": "batchkit deploy restores the target; then replay",
    "NO_PERMISSIONS": "batchkit deploy restores the target's role or policy; then replay",
    "NO_RESOURCE": "the target is gone: batchkit deploy, then replay",
    "RESOURCE_LIMIT_EXCEEDED": "a quota was used up; replay when there is room",
    "THROTTLING": "more uploads than SubmitJob takes (50 a second); replay",
    "TIMEOUT": "the target did not answer; replay",
}


@dataclass(frozen=True)
class Letter:
    """A message: `arn` is the rule's, schedule's or nothing, `body` what could not be delivered."""

    id: str
    kind: Kind
    arn: str
    target: str
    error: str
    message: str
    body: Mapping[str, Any]
    sent: int = 0

    @property
    def about(self) -> str:
        """What it is about, for people: a source, a job, or the event's type."""
        detail = self.body.get("detail", {})
        bucket, key = detail.get("bucket", {}).get("name"), detail.get("object", {}).get("key")
        if bucket and key is not None:
            return f"s3://{bucket}/{key}"
        return str(detail.get("jobName") or detail.get("run") or self.body.get("detail-type") or self.kind)

    @property
    def advice(self) -> str:
        return ADVICE.get(self.error, "see the message; replay when its cause is gone")

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "arn": self.arn,
            "target": self.target,
            "error": self.error,
            "message": self.message,
            "about": self.about,
            "sent": self.sent,
            "advice": self.advice,
            "body": dict(self.body),
        }


def parse(id_: str, body: str, attributes: Mapping[str, str], sent: int = 0) -> Letter:
    """A message of SQS: its id, body and message attributes; `sent` is epoch seconds."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return Letter(id_, "unknown", "", "", "", "the body is not a JSON object", {"text": body}, sent)
    kind, arn = _kind(attributes)
    return Letter(
        id=id_,
        kind=kind,
        arn=arn,
        target=attributes.get("TARGET_ARN", ""),
        error=attributes.get("ERROR_CODE") or attributes.get("ErrorCode", ""),
        message=attributes.get("ERROR_MESSAGE") or attributes.get("ErrorMessage", ""),
        body=document,
        sent=sent,
    )


def _kind(attributes: Mapping[str, str]) -> tuple[Kind, str]:
    if "RULE_ARN" in attributes:
        return "rule", attributes["RULE_ARN"]
    if "SCHEDULE_ARN" in attributes:
        return "schedule", attributes["SCHEDULE_ARN"]
    return ("function", "") if "RequestID" in attributes else ("unknown", "")


def transformed(transformer: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """What a rule's input transformer makes of an event, with every value escaped, as EventBridge does not.

    A path that the event lacks becomes an empty text.
    """
    paths = transformer.get("InputPathsMap", {})
    template = transformer["InputTemplate"]

    def put(match: re.Match[str]) -> str:
        if match[1] not in paths:
            return match[0]
        value = look_up(event, paths[match[1]])
        text = json.dumps(value, ensure_ascii=False)
        if not _in_string(template, match.start()):
            return text
        return text[1:-1] if isinstance(value, str) else json.dumps(text)[1:-1]

    return _PLACEHOLDER.sub(put, template)


def look_up(event: Any, path: str) -> Any:
    """The value at `$.detail.object.key`; "" where there is none."""
    for name, index in _STEP.findall(path.removeprefix("$").lstrip(".")):
        try:
            event = event[int(index)] if index else event[name]
        except (KeyError, IndexError, TypeError):
            return ""
    return event


def _in_string(template: str, position: int) -> bool:
    return re.sub(r"\\.", "  ", template[:position]).count('"') % 2 == 1
