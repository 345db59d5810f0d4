"""Walking a msgspec type: which parts it has, and what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

Step = str | int


def members_of(node: inspect.Type | None) -> Iterator[inspect.Type]:
    """The types that a value may have, without their wrappings."""
    if isinstance(node, inspect.Metadata):
        yield from members_of(node.type)
    elif isinstance(node, inspect.UnionType):
        for member in node.types:
            yield from members_of(member)
    elif node is not None:
        yield node


def structs_of(node: inspect.Type | None, value: Any) -> list[inspect.StructType]:
    """The structs a value may be: the one its tag names, or all of them."""
    structs = [t for t in members_of(node) if isinstance(t, inspect.StructType)]
    named = [s for s in structs if isinstance(value, Mapping) and value.get(s.tag_field or "") == s.tag]
    return named if named and named[0].tag_field else structs


def keys_of(node: inspect.Type | None, value: Any) -> list[str]:
    """The keys that a struct accepts, its tag's first."""
    tags = [s.tag_field for s in structs_of(node, value) if s.tag_field]
    return list(dict.fromkeys([*tags, *(f.encode_name for s in structs_of(node, value) for f in s.fields)]))


def type_at(node: inspect.Type | None, value: Any, step: Step) -> inspect.Type | None:
    """The type of the part `step` of a value of type `node`."""
    structs = structs_of(node, value)
    for struct in structs:
        if struct.tag_field == step:
            return inspect.LiteralType(tuple(s.tag for s in structs))
        for field in struct.fields:
            if field.encode_name == step:
                return field.type
    parts = (_part(member, step) for member in members_of(node))
    return next((part for part in parts if part), None)


def _part(node: inspect.Type, step: Step) -> inspect.Type | None:
    if isinstance(node, inspect.DictType):
        return node.value_type
    if isinstance(node, inspect.TupleType) and isinstance(step, int) and step < len(node.item_types):
        return node.item_types[step]
    item: inspect.Type | None = getattr(node, "item_type", None)
    return item


def choices_of(node: inspect.Type) -> list[Any]:
    """The values of an enumeration; nothing for other types."""
    if isinstance(node, inspect.LiteralType):
        return sorted(node.values, key=str)
    if isinstance(node, inspect.EnumType):
        return [member.value for member in node.cls]
    return []
