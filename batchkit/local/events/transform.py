"""What a target receives: the event, a constant, a part of the event, or a filled template.

The rules of quoting are EventBridge's, with their traps: values taken from the event are inserted as they
are, without escaping, so a key with a quote makes invalid JSON, and one with `\\n` in it another key.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from batchkit.local.events.delivery import DeliveryFault
from batchkit.local.events.paths import MISSING, look_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")


@dataclass(frozen=True)
class RuleIdentity:
    """What `<aws.events.rule-arn>` and `<aws.events.rule-name>` stand for."""

    arn: str
    name: str


def payload(target: Mapping[str, Any], event: Mapping[str, Any], rule: RuleIdentity) -> str:
    """The text that `target` (as in PutTargets) gets for `event`.

    Raises DeliveryFault INVALID_JSON, which is never retried, when a template does not become JSON.
    """
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        part = look_up(event, target["InputPath"])
        # AWS does not say what a missing path becomes.
        return compact(None if part is MISSING else part)
    if target.get("InputTransformer") is not None:
        return _transformed(target["InputTransformer"], event, rule)
    return compact(event)


def compact(value: Any) -> str:
    """JSON as EventBridge writes it: no spaces, characters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _transformed(transformer: Mapping[str, Any], event: Mapping[str, Any], rule: RuleIdentity) -> str:
    values = {name: look_up(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    text = fill(transformer["InputTemplate"], values | reserved(event, rule))
    for document in _documents(text):
        try:
            json.loads(document)
        except ValueError as error:
            raise DeliveryFault(
                "INVALID_JSON", f"the transformed input is not JSON ({error}): {text}"
            ) from error
    return text


def reserved_names() -> frozenset[str]:
    """The names of EventBridge's own variables."""
    return frozenset(reserved({}, RuleIdentity("", "")))


def reserved(event: Mapping[str, Any], rule: RuleIdentity) -> dict[str, Any]:
    """EventBridge's own variables. `aws.events.event` has no detail and says `detailType`."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    bare = {("detailType" if name == "detail-type" else name): event[name] for name in event}
    bare.pop("detail", None)
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": now,
        "aws.events.event": bare | {"time": now},
        "aws.events.event.json": dict(event),
    }


def fill(template: str, values: Mapping[str, Any]) -> str:
    """`template` with every known `<name>` replaced; a name without a path in `values` stays as it is."""
    pieces: list[str] = []
    end = 0
    for match in PLACEHOLDER.finditer(template):
        if match.group(1) not in values:
            continue
        pieces.append(template[end : match.start()])
        value = values[match.group(1)]
        pieces.append(_inside(value) if in_string(template, match.start()) else _bare(value))
        end = match.end()
    return "".join([*pieces, template[end:]])


def in_string(template: str, position: int) -> bool:
    """Whether `position` lies between two quotes of the template (an escaped quote is text)."""
    return len(re.findall(r'"', re.sub(r"\\.", "  ", template[:position]))) % 2 == 1


def _bare(value: Any) -> str:
    if value is MISSING:
        return '""'
    return f'"{value}"' if isinstance(value, str) else compact(value)


def _inside(value: Any) -> str:
    if value is MISSING:
        return ""
    return value if isinstance(value, str) else compact(value).replace('"', "")


def _documents(text: str) -> Iterator[str]:
    """The JSON documents of a filled template: one object, or a string for each line."""
    if text.lstrip().startswith(("{", "[")):
        yield text
    else:
        yield from (line for line in text.splitlines() if line.strip())
