"""A CloudFormation template read as data: which resources there will be, for which parameters.

CloudFormation decides; this only tells beforehand what it will decide, for stacks that are not there yet and
for what they cost. References to other resources stay as they are, as `{"Ref": …}` and `{"Fn::GetAtt": …}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from batchkit.errors import ConfigError

# What `AWS::NoValue` becomes: the property is not there.
ABSENT: Any = object()

_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True)
class Resource:
    """A resource of a template, its properties with all parameters and conditions in their places."""

    logical_id: str
    kind: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_retained(self) -> bool:
        """Whether it stays when its stack is deleted."""
        return str(self.attributes.get("DeletionPolicy", "Delete")).startswith("Retain")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Ref X` is `{"Ref": "X"}`, `!Sub` is `Fn::Sub`."""


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)


def parse(text: str) -> dict[str, Any]:
    """A template's text, YAML or JSON, as plain data in the long forms. Raises ConfigError."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506  it is a safe loader
    except yaml.YAMLError as error:
        raise ConfigError("a template is not YAML", found=str(error)) from error
    if not isinstance(document, dict):
        raise ConfigError("a template is not a mapping", found=type(document).__name__)
    return document


class Template:
    """A template with the values of its parameters; those left out have their defaults.

    `pseudo` are the pseudo parameters (`AWS::Region`, …) that are known; others stay references.
    """

    def __init__(
        self, text: str, parameters: Mapping[str, str], pseudo: Mapping[str, str] | None = None
    ) -> None:
        self._document = parse(text)
        self._given = parameters
        self._pseudo = dict(pseudo or {})
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._map,
        }

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name, lists as lists."""
        declared = self._document.get("Parameters", {})
        return {name: _typed(slot, self._given.get(name)) for name, slot in declared.items()}

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources whose conditions hold, by logical id."""
        return {
            name: self._resource(name, body)
            for name, body in self._document.get("Resources", {}).items()
            if "Condition" not in body or self.holds(body["Condition"])
        }

    @cached_property
    def required(self) -> set[str]:
        """The parameters without a default."""
        return {name for name, slot in self._document.get("Parameters", {}).items() if "Default" not in slot}

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The outputs whose conditions hold, with what is known of their values."""
        return {
            name: self.value(body["Value"])
            for name, body in self._document.get("Outputs", {}).items()
            if "Condition" not in body or self.holds(body["Condition"])
        }

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""
        return self._test(self._document["Conditions"][condition])

    def _resource(self, name: str, body: Mapping[str, Any]) -> Resource:
        attributes = {key: value for key, value in body.items() if key not in {"Type", "Properties"}}
        return Resource(name, body["Type"], self.value(body.get("Properties", {})), attributes)

    def value(self, part: Any) -> Any:
        """A part of the template with everything put in that is known."""
        if isinstance(part, list):
            return [value for value in map(self.value, part) if value is not ABSENT]
        if not isinstance(part, Mapping):
            return part
        if len(part) == 1:
            ((name, argument),) = part.items()
            if name in self._functions:
                return self._functions[name](argument)
        found = {name: self.value(inner) for name, inner in part.items()}
        return {name: value for name, value in found.items() if value is not ABSENT}

    def _test(self, condition: Any) -> bool:
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self.holds(argument)
        if name == "Fn::Equals":
            first, second = map(self.value, argument)
            return str(first) == str(second)
        tests = [self._test(part) for part in argument]
        return {"Fn::Not": not tests[0], "Fn::And": all(tests), "Fn::Or": any(tests)}[name]

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return ABSENT
        known = {**self._pseudo, **self.parameters}
        return known.get(name, {"Ref": name})

    def _if(self, argument: Any) -> Any:
        condition, then, otherwise = argument
        return self.value(then if self.holds(condition) else otherwise)

    def _sub(self, argument: Any) -> Any:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self.value(value) for name, value in own.items()}

        def put(match: re.Match[str]) -> str:
            literal, name = match.groups()
            value = values.get(name, self._ref(name)) if not literal else None
            if value is None:
                return "${" + name + "}"
            return match.group() if isinstance(value, Mapping) else _text(value)

        return _VARIABLE.sub(put, text)

    def _join(self, argument: Any) -> Any:
        separator, parts = argument[0], self.value(argument[1])
        if isinstance(parts, list) and not any(isinstance(part, Mapping) for part in parts):
            return str(separator).join(map(_text, parts))
        return {"Fn::Join": [separator, parts]}

    def _select(self, argument: Any) -> Any:
        index, parts = self.value(argument[0]), self.value(argument[1])
        if isinstance(parts, list) and int(index) < len(parts):
            return parts[int(index)]
        return {"Fn::Select": [index, parts]}

    def _split(self, argument: Any) -> Any:
        separator, text = argument[0], self.value(argument[1])
        return text.split(separator) if isinstance(text, str) else {"Fn::Split": [separator, text]}

    def _map(self, argument: Any) -> Any:
        name, first, second = map(self.value, argument)
        return self._document["Mappings"][name][first][second]


def _typed(slot: Mapping[str, Any], given: str | None) -> Any:
    value = slot.get("Default", "") if given is None else given
    kind = slot.get("Type", "String")
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return str(value).split(",")
    return _text(value)


def _text(value: Any) -> str:
    """As CloudFormation writes a scalar: every parameter is a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)
