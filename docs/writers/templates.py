"""The CloudFormation templates, as the reference reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from batchkit.deploy.template import parse

ROOT = Path(__file__).parents[2]
PATHS = sorted((*(ROOT / "cloudformation").glob("*.yaml"), ROOT / "eventbridge/rules.yaml"))

# How the variables of the templates are shown.
_SHOWN = {
    "AWS::Partition": "aws",
    "AWS::Region": "REGION",
    "AWS::AccountId": "ACCOUNT",
    "Project": "PROJECT",
}


def resources(kind: str) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """All resources of a type: the template, the logical id, and the resource with its condition."""
    for path in PATHS:
        for name, resource in parse(path.read_text())["Resources"].items():
            if resource["Type"] == kind:
                yield path.relative_to(ROOT), name, resource


def shown(value: Any) -> str:
    """A value in one line: variables by their names in capitals, references as `Resource.Attribute`."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref":
            return _SHOWN.get(argument, str(argument))
        if function == "Fn::GetAtt":
            return ".".join(argument)
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda match: _SHOWN.get(match[1], match[1]), argument)
    return json.dumps(value)


def listed(value: Any) -> list[Any]:
    """A list as it is, anything else as a list of itself."""
    return value if isinstance(value, list) else [value]


def alternatives(value: Any) -> list[Any]:
    """A list, or what takes its place, whatever the template's conditions say."""
    if isinstance(value, Mapping) and "Fn::If" in value:
        return [each for branch in value["Fn::If"][1:] for each in listed(branch)]
    return listed(value)
