"""The CloudFormation templates as data."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from support.cloud import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("cloudformation", "eventbridge")
    for path in (ROOT / folder).glob("*.yaml")
)


class Tolerant(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": "x"}, `!Sub x` as {"Sub": "x"} and so on."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


Tolerant.add_multi_constructor("!", _intrinsic)


def text(path: str) -> str:
    return (ROOT / path).read_text()


@cache
def template(path: str) -> dict[str, Any]:
    """Not to be changed: it is read once."""
    return dict(yaml.load(text(path), Tolerant))  # noqa: S506  the loader is a safe one


def of_type(path: str, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of a type, by their logical ids."""
    found = template(path)["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def everywhere(kind: str) -> dict[str, dict[str, Any]]:
    """The same over all templates, by path and logical id."""
    return {f"{path}:{name}": found for path in PATHS for name, found in of_type(path, kind).items()}


def alternatives(value: Any) -> Iterator[Any]:
    """What a value may be, whatever the conditions say; nothing for AWS::NoValue."""
    if isinstance(value, dict) and set(value) == {"If"}:
        _condition, yes, no = value["If"]
        yield from alternatives(yes)
        yield from alternatives(no)
    elif value != {"Ref": "AWS::NoValue"}:
        yield value


def listed(value: Any) -> list[Any]:
    """A list as it is, anything else as a list of itself, each with its alternatives."""
    return [found for each in (value if isinstance(value, list) else [value]) for found in alternatives(each)]


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    """A policy document's statements, conditional ones included."""
    return listed(document["Statement"])


def strings(value: Any) -> Iterator[str]:
    """All texts in a part of a template."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def variables(path: str) -> set[str]:
    """The environment variables of ours that a template sets."""
    names = {part for part in strings(template(path)["Resources"]) if re.fullmatch(r"BATCHKIT_[A-Z_]+", part)}
    functions = of_type(path, "AWS::Lambda::Function").values()
    return names | {name for function in functions for name in function["Environment"]["Variables"]}
