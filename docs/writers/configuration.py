"""batchkit.toml and the recipes of the shipped jobs, from the schema that editors load."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from batchkit.project import schema
from batchkit.recipe import find_job
from docs.writers.markdown import cell, code, codes, document, prose, table

Definition = Mapping[str, Any]

JOBS = ("image-variants", "image-facts")

INTRODUCTION = """\
Types, limits and defaults of every key, from the schema (`batchkit schema`). What the keys mean and how
they work together: [batchkit.toml](../configuration.md), [images](../images.md). Sizes are text such as
`"200 MB"`, or an integer."""


def page() -> str:
    described = {uses: _schema(uses) for uses in JOBS}
    tables = described[JOBS[0]]["$defs"]
    document_ = tables["Document"]["properties"]
    parts = [part for name, slot in document_.items() for part in _table(name, slot, tables)]
    for uses, found in described.items():
        parts += [f"## The recipe of {uses}", *_recipe(found["$defs"])]
    return document("Keys of batchkit.toml", INTRODUCTION, *parts)


def _schema(uses: str) -> dict[str, Any]:
    job: Any = find_job(uses)
    found: dict[str, Any] = json.loads(json.dumps(schema(job.schema())))
    return found


def _table(name: str, slot: Definition, tables: Mapping[str, Definition]) -> Iterator[str]:
    """[name] of the file; of [job] only what is not the recipe."""
    definition = tables[_referred(slot)]
    properties = definition["properties"]
    if name == "job":
        properties = {"uses": properties["uses"]}
    text = _text(definition).removeprefix(f"[{name}]").removeprefix(": ")
    yield f"## [{name}]"
    yield text[:1].upper() + text[1:]
    yield _keys(properties, definition.get("required", ()))


def _recipe(tables: Mapping[str, Definition]) -> Iterator[str]:
    job = tables["Job"]
    recipe = {key: value for key, value in job["properties"].items() if key != "uses"}
    yield _keys(recipe, job["required"])
    for name in _reached(recipe, tables):
        yield f"### {name}"
        yield _text(tables[name])
        yield _keys(tables[name]["properties"], tables[name].get("required", ()))


def _reached(part: Any, tables: Mapping[str, Definition]) -> list[str]:
    """The definitions that a part of the schema leads to, in the order of their first mention."""
    found: list[str] = []
    todo = _references(part)
    while todo:
        name = todo.pop(0)
        if name not in found:
            found.append(name)
            todo = [*_references(tables[name]), *todo]
    return found


def _references(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        own = [part["$ref"].rpartition("/")[2]] if "$ref" in part else []
        return own + [name for inner in part.values() for name in _references(inner)]
    return [name for inner in part for name in _references(inner)] if isinstance(part, list) else []


def _referred(slot: Definition) -> str:
    return _references(slot)[0]


def _text(definition: Definition) -> str:
    text = prose(definition.get("description"))
    # msgspec says this of a type without a docstring.
    return "" if text == definition["title"] else text


def _keys(properties: Mapping[str, Definition], required: Any) -> str:
    rows = (_key(key, slot, is_required=key in required) for key, slot in properties.items())
    return table(("key", "type", "default", "meaning"), rows)


def _key(key: str, slot: Definition, *, is_required: bool) -> tuple[str, ...]:
    default = _default(slot, is_required=is_required)
    return code(key), _kind(slot), default, cell(slot.get("description", ""))


def _default(slot: Definition, *, is_required: bool) -> str:
    if is_required:
        return "required"
    default = slot.get("default")
    if isinstance(default, Mapping):
        return "its own"
    return "none" if default is None else code(json.dumps(default))


def _kind(slot: Definition) -> str:
    """A type in words, with its limits."""
    if "$ref" in slot:
        name = slot["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in slot:
        return codes(map(json.dumps, slot["enum"]), " or ")
    if "anyOf" in slot:
        kinds = dict.fromkeys(_kind(one) for one in slot["anyOf"] if one.get("type") != "null")
        return " or ".join(kinds)
    if slot.get("type") == "array":
        return f"list of {_kind(slot['items'])}" + _range(slot, "minItems", "maxItems", " items")
    return str(slot.get("type", "anything")) + _limits(slot)


def _limits(slot: Definition) -> str:
    if "pattern" in slot:
        return f" like {code(slot['pattern'])}"
    if slot.get("type") == "string":
        return _range(slot, "minLength", "maxLength", " characters")
    more = f", above {slot['exclusiveMinimum']:,}" if "exclusiveMinimum" in slot else ""
    less = f", below {slot['exclusiveMaximum']:,}" if "exclusiveMaximum" in slot else ""
    return more + _range(slot, "minimum", "maximum") + less


def _range(slot: Definition, lowest: str, highest: str, unit: str = "") -> str:
    low, high = slot.get(lowest), slot.get(highest)
    if low is not None and high is not None:
        return f", {low:,} to {high:,}{unit}"
    if low is not None:
        return ", not empty" if unit and low == 1 else f", {low:,}{unit} or more"
    return f", up to {high:,}{unit}" if high is not None else ""
