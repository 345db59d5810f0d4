"""Rules, and the events that batchkit puts onto the bus, from the template, the schemas and the samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from batchkit.planning.uploads import UploadRules, accepted_patterns, rejected_pattern
from docs.writers.markdown import block, cell, code, codes, document, table
from docs.writers.templates import ROOT, resources, shown

FOLDER = ROOT / "eventbridge/events"

# Where a sample of each event lies. Gallery Due is the gallery's own.
SAMPLES = ("run-finished", "item-rejected", "gallery-due")

INTRODUCTION = """\
All rules lie on the account's default bus, and each has samples that it must match, and near misses that
it must not, below [`eventbridge/events`](../../eventbridge/events). What cannot be delivered within a day
goes to the dead-letter queue."""

OWN = """\
## What batchkit announces

Source `batchkit.PROJECT`. `format` is 1, and is raised when a field changes its meaning or goes; new
fields may come at any time. Events may come twice: `run` and `state` tell."""

PATTERNS = """\
### What counts as an upload

The patterns of the uploads are made of `[upload]`. For a bucket `photos-originals`, `.jpg` and `.png` up
to 200 MB:"""

UPLOADS = UploadRules("photos-originals", "", (".jpg", ".png"), 200_000_000)


def page() -> str:
    return document(
        "Events",
        INTRODUCTION,
        "## Rules",
        table(("rule", "matches", "target"), (_rule(one) for _, _, one in resources("AWS::Events::Rule"))),
        PATTERNS,
        *(_pattern(one) for one in accepted_patterns(UPLOADS)),
        "and what `upload-rejected` matches:",
        _pattern(rejected_pattern(UPLOADS)),
        OWN,
        *(part for name in SAMPLES for part in _event(name)),
    )


def _rule(resource: Mapping[str, Any]) -> tuple[str, str, str]:
    properties = resource["Properties"]
    (target,) = properties["Targets"]
    return code(shown(properties["Name"])), _matched(properties["EventPattern"]), code(shown(target["Arn"]))


def _matched(pattern: Mapping[str, Any]) -> str:
    if "Ref" in pattern:
        return f"uploads: the parameter {code(pattern['Ref'])}"
    kinds = codes(pattern["detail-type"], " or ")
    return f"{kinds} of {codes(map(shown, pattern['source']))}" + (
        ", some of them" if "detail" in pattern else ""
    )


def _pattern(pattern: Mapping[str, Any]) -> str:
    """As the template would have it; EventBridge takes it as JSON."""
    return block(yaml.safe_dump(pattern, default_flow_style=None, sort_keys=False, width=100), "yaml")


def _event(name: str) -> Iterator[str]:
    schema = json.loads((FOLDER / f"schemas/{name}.schema.json").read_text())
    sample = min((FOLDER / name / "match").glob("*.json"))
    yield f"### {schema['title']}"
    yield schema["description"]
    yield table(("field of `detail`", "type", "meaning"), _fields(schema["properties"]["detail"], ""))
    yield block(json.dumps(json.loads(sample.read_text())["detail"], indent=2, ensure_ascii=False), "json")


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """The fields of an object, and of the objects in it; `errors[].count` is a field of each of a list."""
    for name, slot in schema.get("properties", {}).items():
        yield code(path + name), _kind(slot), cell(slot.get("description", ""))
        if slot.get("type") == "object":
            yield from _fields(slot, f"{path}{name}.")
        elif slot.get("type") == "array":
            yield from _fields(slot.get("items", {}), f"{path}{name}[].")


def _kind(slot: Mapping[str, Any]) -> str:
    if "const" in slot:
        return code(json.dumps(slot["const"]))
    return codes(slot["enum"], " or ") if "enum" in slot else slot.get("type", "")
