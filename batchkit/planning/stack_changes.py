"""What CloudFormation will do to a stack, as data: resources, and of those that change, which properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# What CloudFormation's API calls them (CloudFormation API reference, ResourceChange).
Action = Literal["Add", "Modify", "Remove", "Import", "Dynamic", "SyncWithActual"]
Replacement = Literal["", "True", "False", "Conditional"]

# What does to its resource what nobody can undo, where it holds data.
HOLDS_DATA = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
    }
)


@dataclass(frozen=True)
class Difference:
    """A property that changes; `before` or `after` is None where there is none, or none is told."""

    path: str
    before: str | None
    after: str | None
    recreates: bool = False


@dataclass(frozen=True)
class Change:
    """What happens to one resource. `policy` is what becomes of the old one: Delete, Retain, …"""

    action: Action
    logical_id: str
    kind: str
    physical_id: str = ""
    replacement: Replacement = ""
    policy: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def verb(self) -> str:
        """One word: add, import, change, replace, replace?, remove, keep."""
        if self.action == "Modify":
            return {"True": "replace", "Conditional": "replace?"}.get(self.replacement, "change")
        if self.action == "Remove" and self.policy == "Retain":
            return "keep"
        return {"Add": "add", "Import": "import", "Remove": "remove"}.get(self.action, "change")

    @property
    def loses_data(self) -> bool:
        """Whether data may be gone afterwards: its holder is removed or replaced, and not retained."""
        if self.kind not in HOLDS_DATA or "Retain" in self.policy:
            return False
        return self.verb in {"replace", "replace?", "remove"}


@dataclass(frozen=True)
class ChangeSet:
    """A change set as CloudFormation keeps it, ready to be executed."""

    arn: str
    stack: str
    stack_id: str
    parameters: Mapping[str, str]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class ParameterChange:
    """A parameter that changes; None where it was not, or will not be."""

    name: str
    before: str | None
    after: str | None


def changed_parameters(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ParameterChange, ...]:
    """The parameters that differ, by name."""
    differing = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return tuple(ParameterChange(name, before.get(name), after.get(name)) for name in differing)
