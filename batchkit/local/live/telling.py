"""A trace as the page shows it: short, plain JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from batchkit.local.trace import Trace

Json = dict[str, Any]
# The pattern of the rule with this ARN, {} when there is none any more.
Patterns = Callable[[str], Mapping[str, Any]]

MAX_TEXT = 4000
MAX_MATCHED = 8
# What names the thing that an event is about, most telling first, as paths in its detail.
SUBJECTS = ("object.key", "key", "jobName", "run", "source")


def told(trace: Trace, patterns: Patterns) -> Json:
    """What every line of the page has, and what its kind adds."""
    line: Json = {"kind": _kind(trace), "at": trace.at, "text": trace.text[:MAX_TEXT]}
    event = trace.data.get("event")
    if isinstance(event, dict):
        line["event"] = _event(event)
        rule = trace.data.get("rule")
        if rule:
            line["rule"] = str(rule).rsplit("/", 1)[-1]
            line["matched"] = [*matched(patterns(rule), event)][:MAX_MATCHED]
    if "target" in trace.data:
        line["target"] = target(str(trace.data["target"]))
    if trace.kind == "message":
        line["topic"] = str(trace.data["topic"]).rsplit(":", 1)[-1]
        line["text"] = unquoted(str(trace.data["message"]))[:MAX_TEXT]
    return line


def unquoted(message: str) -> str:
    """The text of a message that is a JSON string a line, as a rule's template makes it for a mail; any
    other message as it is.
    """
    lines = message.split("\n")
    if not all(line.startswith('"') for line in lines):
        return message
    try:
        return "\n".join(json.loads(line) for line in lines)
    except ValueError:
        return message


def target(arn: str) -> str:
    """`batch photos-upload` for an ARN; anything else as it is."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return arn
    return f"{parts[2]} {parts[5].rsplit('/', 1)[-1].rsplit(':', 1)[-1]}"


def matched(pattern: Mapping[str, Any], event: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The event's values at the places that the pattern asks about: `detail.object.key = a.jpg`."""
    for name, wanted in pattern.items():
        if name not in event:
            continue
        value, place = event[name], f"{path}{name}"
        if isinstance(wanted, Mapping):
            if isinstance(value, Mapping):
                yield from matched(wanted, value, f"{place}.")
        else:
            yield f"{place} = {value}"[:MAX_TEXT]


def _kind(trace: Trace) -> str:
    """Of the log's traces only faults on purpose and the endpoint's own failures come here."""
    return ("fault" if "fate" in trace.data else "failure") if trace.kind == "log" else trace.kind


def _event(event: Mapping[str, Any]) -> Json:
    return {
        "id": event.get("id", ""),
        "source": event.get("source", ""),
        "type": event.get("detail-type", ""),
        "subject": _subject(event.get("detail")),
    }


def _subject(detail: Any) -> str:
    found = (_at(detail, path.split(".")) for path in SUBJECTS)
    subject = next((value for value in found if isinstance(value, str)), "")
    status = detail.get("status") or detail.get("state") if isinstance(detail, Mapping) else None
    return " ".join(part for part in (subject[:MAX_TEXT], status) if isinstance(part, str) and part)


def _at(value: Any, names: list[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
