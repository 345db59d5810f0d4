"""What deploying is made of: files and stacks to be there, stacks to be gone. Plain data.

A stack's parameters are texts, or outputs of an earlier stack that are known when that one stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.aws.objects import Head

NETWORK = "cloudformation/network.yaml"
STORAGE = "cloudformation/storage.yaml"
COMPUTE = "cloudformation/compute.yaml"
SCHEDULE = "cloudformation/schedule.yaml"
RULES = "eventbridge/rules.yaml"
OBSERVABILITY = "cloudformation/observability.yaml"


@dataclass(frozen=True)
class Site:
    """Where a project is put, and the image that its children run."""

    account: str
    region: str
    image: str


@dataclass(frozen=True)
class File:
    """An object: in the artifacts bucket one that is named by its content, so that it never changes; else one
    that says in its metadata what its content is, or one that is only put where there is none yet (`first`).
    `headers` by the names of S3's PutObject."""

    bucket: str
    key: str
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    first: bool = False

    def is_there(self, found: Head | None) -> bool:
        """Whether what was found at its place is this."""
        return found is not None and self.metadata.items() <= found.metadata.items()

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key} ({len(self.body):,} bytes)"


@dataclass(frozen=True)
class FromOutput:
    """A parameter's value that is known when an earlier stack of the plan stands: its output `key`."""

    stack: str
    key: str

    def __str__(self) -> str:
        return f"<{self.key} of {self.stack}>"


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack: its name, its template's path and text, all its parameters."""

    name: str
    path: str
    template: str
    parameters: Mapping[str, str | FromOutput]

    @property
    def texts(self) -> dict[str, str]:
        """The parameters as CloudFormation takes them."""
        return {name: str(value) for name, value in self.parameters.items()}

    @property
    def awaits(self) -> set[str]:
        """The stacks whose outputs are not known yet."""
        return {value.stack for value in self.parameters.values() if isinstance(value, FromOutput)}

    def __str__(self) -> str:
        return f"stack {self.name} ({self.path})"


@dataclass(frozen=True)
class Removal:
    """A stack that the project no longer has, if it is there."""

    name: str

    def __str__(self) -> str:
        return f"no stack {self.name}"


Step = File | Stack | Removal


@dataclass(frozen=True)
class Plan:
    """What to do, in order."""

    project: str
    steps: tuple[Step, ...]
