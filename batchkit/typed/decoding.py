"""Untyped data (TOML, JSON) into msgspec types, with errors a person can act on.

msgspec says where the first error is; what was found there and what was expected is read from the
data and from the type, so that every message carries the place, the value, the range and, for a
misspelt name, the nearest valid one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeVar, runtime_checkable

import msgspec
from msgspec import inspect

from batchkit.errors import ConfigError
from batchkit.typed.kinds import Step, choices_of, keys_of, members_of, type_at
from batchkit.typed.words import describe, joined, kind_of, nearest, one_of, shown

T = TypeVar("T")

# What msgspec 0.19…0.22 writes: "<text>", "<text> - at `$.a[0].b`" or "<text> - at `key` in `$.a`";
# the value of a mapping is `[...]`, whatever its key.
_MESSAGE = re.compile(r"(?P<text>.*?)( - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")


@runtime_checkable
class Parsed(Protocol):
    """A type that reads itself from plain data; `expected` says what it accepts."""

    expected: ClassVar[str]

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Raises ValueError, whose text says what is wrong."""
        ...


@dataclass(frozen=True)
class _Place:
    """Where an error is: the path to it, the value there and the type that it should have."""

    path: tuple[Step, ...]
    value: Any
    type: inspect.Type | None


def decode(data: Any, kind: type[T], where: str = "[job]") -> T:
    """`data` as a `kind`, nothing coerced. Raises ConfigError naming `where`, the key, what was found
    and what was expected; an unknown key or tag comes with the nearest valid one.

    A ValueError of a type's own `__post_init__` or `parse` becomes such an error, too.
    """
    try:
        return _convert(data, kind)
    except msgspec.ValidationError as error:
        raise _explained(error, data, kind, where) from error


def _convert(data: Any, kind: type[T]) -> T:
    return msgspec.convert(data, kind, strict=True, dec_hook=_parse)


def _parse(kind: Any, value: Any) -> Any:
    if not hasattr(kind, "parse"):
        raise NotImplementedError(f"{kind.__name__} cannot be read from data: it has no method `parse`")
    return kind.parse(value)


def _explained(error: msgspec.ValidationError, data: Any, kind: Any, where: str) -> ConfigError:
    message = _MESSAGE.fullmatch(str(error))
    text, in_key, path = message.group("text", "key", "path") if message else (str(error), None, None)
    place = _locate(data, kind, path or "", str(error))
    if in_key:
        return _bad_key(place, where)
    for start, explain in _EXPLANATIONS.items():
        if text.startswith(start):
            return explain(place, where, text)
    return ConfigError(
        f"{_where(where, place.path)}: {text}", found=shown(place.value), expected=_expected_by(place.type)
    )


def _where(where: str, path: Sequence[Step]) -> str:
    if path and isinstance(path[0], int) and not where.endswith("]"):
        return where + joined(path)
    return f"{where} {joined(path)}".strip()


def _locate(data: Any, kind: Any, path: str, message: str) -> _Place:
    """Follow msgspec's path through the data and the type at once, as far as it leads."""
    place = _Place((), data, inspect.type_info(kind))
    for name, index, any_key in _STEP.findall(path):
        step: Step = int(index) if index else name
        if any_key:
            step = _culprit(data, kind, place, message)
        try:
            value = place.value[step]
        except (LookupError, TypeError):
            break
        place = _Place((*place.path, step), value, type_at(place.type, place.value, step))
    return place


def _culprit(data: Any, kind: Any, place: _Place, message: str) -> Any:
    """The key of the mapping at `place` whose value causes the error: tried one by one."""
    for key, value in place.value.items():
        try:
            _convert(_replaced(data, place.path, {key: value}), kind)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return key
    return next(iter(place.value))


def _replaced(data: Any, path: Sequence[Any], value: Any) -> Any:
    if not path:
        return value
    copy = list(data) if isinstance(data, list | tuple) else dict(data)
    copy[path[0]] = _replaced(data[path[0]], path[1:], value)
    return copy


def _bad_key(place: _Place, where: str) -> ConfigError:
    mapping = next((t for t in members_of(place.type) if isinstance(t, inspect.DictType)), None)
    return ConfigError(
        f"{_where(where, place.path)} has a key that is not allowed",
        found=f"the keys {', '.join(map(shown, place.value))}",
        expected=f"each key {describe(mapping.key_type)}" if mapping else None,
    )


def _missing(place: _Place, where: str, text: str) -> ConfigError:
    name = text.partition("`")[2].rpartition("`")[0]
    needed = type_at(place.type, place.value, name)
    keys = list(place.value) if isinstance(place.value, Mapping) else []
    return ConfigError(
        f"{_where(where, (*place.path, name))} is missing",
        found=f"only {', '.join(map(str, keys))}" if keys else "nothing",
        expected=describe(needed) if needed else f"a value for {name}",
        fix=f"add {name} = …",
    )


def _unknown(place: _Place, where: str, text: str) -> ConfigError:
    known = keys_of(place.type, place.value)
    name = next((k for k in place.value if k not in known), text.partition("`")[2].rpartition("`")[0])
    return ConfigError(
        f"{_where(where, (*place.path, name))} is not a known key",
        found=name,
        expected=f"one of {', '.join(known)}" if known else "no keys at all",
        fix=nearest(name, known) or f"remove {name}",
    )


def _not_a_choice(place: _Place, where: str, _text: str) -> ConfigError:
    choices = [c for t in members_of(place.type) for c in choices_of(t)]
    return ConfigError(
        f"{_where(where, place.path)} is not one of the known values",
        found=shown(place.value),
        expected=one_of(choices),
        fix=nearest(str(place.value), map(str, choices)),
    )


def _not_expected(place: _Place, where: str, text: str) -> ConfigError:
    wrong_type = ", got `" in text
    suffix = f" ({kind_of(place.value)})" if wrong_type else ""
    return ConfigError(
        f"{_where(where, place.path)} {'has the wrong type' if wrong_type else 'is not allowed'}",
        found=shown(place.value) + suffix,
        expected=_expected_by(place.type) or text.removeprefix("Expected "),
    )


_EXPLANATIONS: Mapping[str, Callable[[_Place, str, str], ConfigError]] = {
    "Object missing required field `": _missing,
    "Object contains unknown field `": _unknown,
    "Invalid enum value ": _not_a_choice,
    "Invalid value ": _not_a_choice,
    "Expected ": _not_expected,
}


def _expected_by(node: inspect.Type | None) -> str | None:
    return describe(node) if node is not None and not isinstance(node, inspect.AnyType) else None
