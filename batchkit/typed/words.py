"""Values, paths and types in the words of messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import singledispatch
from typing import Any

from msgspec import inspect

from batchkit.typed.kinds import Step, choices_of, members_of

MAX_SHOWN = 100

_KINDS = {bool: "a boolean", int: "an integer", float: "a number", str: "text", type(None): "null"}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """An advice such as "did you mean 'quality'?", or None when nothing is near."""
    near = get_close_matches(name, list(known), 1)
    return f"did you mean '{near[0]}'?" if near else None


def shown(value: Any) -> str:
    """A value as the user wrote it, cut to `MAX_SHOWN` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def joined(path: Sequence[Step]) -> str:
    """A path as a person writes it: `variants[0].quality`."""
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path).removeprefix(".")


def kind_of(value: Any) -> str:
    """What a value is: "text", "a list"."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    return _KINDS.get(type(value), type(value).__name__)


def one_of(choices: Iterable[Any]) -> str:
    """Choices as a person lists them."""
    return "one of " + ", ".join(map(shown, choices))


def _range(node: Any) -> str:
    """The bounds of a number in words, each with a space before it."""
    low = {"at least": node.ge, "greater than": node.gt}
    high = {"at most": node.le, "less than": node.lt}
    if node.ge is not None and node.le is not None:
        words = f" from {node.ge} to {node.le}"
    else:
        bounds = [f"{word} {value}" for word, value in {**low, **high}.items() if value is not None]
        words = f" {' and '.join(bounds)}" if bounds else ""
    return words + (f", a multiple of {node.multiple_of}" if node.multiple_of is not None else "")


def _length(node: Any, unit: str) -> str:
    low, high = node.min_length, node.max_length
    if low and high is not None:
        return f" of {low} to {high} {unit}" if low != high else f" of {low} {unit}"
    if low or high is not None:
        return f" of at least {low} {unit}" if low else f" of at most {high} {unit}"
    return ""


@singledispatch
def describe(node: inspect.Type) -> str:
    """What a type accepts, in words: "an integer from 1 to 100"."""
    return type(node).__name__.removesuffix("Type").lower()


@describe.register
def _(node: inspect.Metadata) -> str:
    return describe(node.type)


@describe.register
def _(node: inspect.IntType) -> str:
    return "an integer" + _range(node)


@describe.register
def _(node: inspect.FloatType) -> str:
    return "a number" + _range(node)


@describe.register
def _(node: inspect.BoolType) -> str:
    return "true or false"


@describe.register
def _(node: inspect.NoneType) -> str:
    return "null"


@describe.register
def _(node: inspect.StrType) -> str:
    pattern = f" matching {node.pattern}" if node.pattern else ""
    return "text" + _length(node, "characters") + pattern


@describe.register
def _(node: inspect.StructType) -> str:
    keys = [f.encode_name for f in node.fields]
    tag = f'with {node.tag_field} = "{node.tag}" and the keys ' if node.tag_field else "with the keys "
    return f"a table {tag}{', '.join(keys)}" if keys else "a table"


@describe.register
def _(node: inspect.DictType) -> str:
    return "a table" + _length(node, "keys")


@describe.register(inspect.ListType)
@describe.register(inspect.VarTupleType)
@describe.register(inspect.SetType)
@describe.register(inspect.FrozenSetType)
def _(node: Any) -> str:
    length = _length(node, "elements")
    return f"a list{length}, each {describe(node.item_type)}"


@describe.register
def _(node: inspect.TupleType) -> str:
    return f"a list of {len(node.item_types)}: {', '.join(map(describe, node.item_types))}"


@describe.register(inspect.LiteralType)
@describe.register(inspect.EnumType)
def _(node: Any) -> str:
    return one_of(choices_of(node))


@describe.register
def _(node: inspect.UnionType) -> str:
    # A null is what leaving the key out means: TOML cannot say it.
    members = [t for t in members_of(node) if not isinstance(t, inspect.NoneType)]
    tags = [t.tag for t in members if isinstance(t, inspect.StructType) and t.tag_field]
    field = next((t.tag_field for t in members if isinstance(t, inspect.StructType)), None)
    rest = [describe(t) for t in members if not (isinstance(t, inspect.StructType) and t.tag_field)]
    tagged = [f"a table with {field} = {one_of(tags)}"] if tags else []
    return " or ".join([*tagged, *rest])


@describe.register
def _(node: inspect.CustomType) -> str:
    return str(getattr(node.cls, "expected", node.cls.__name__))
