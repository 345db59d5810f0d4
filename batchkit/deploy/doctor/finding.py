"""What a look finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from batchkit.aws.stacks import Stacks, StackState
from batchkit.deploy import inventory

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.project import Project


@dataclass(frozen=True)
class Finding:
    """What was found, why it matters, what to do. `check` names the look that found it.

    `unknown` says that the look could not be taken: that is no fault of the project's. A `note` is worth
    knowing, and no fault at all.
    """

    check: str
    what: str
    why: str
    fix: str
    unknown: bool = False
    note: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class System:
    """A deployed project, as the looks see it."""

    project: Project
    clients: Clients
    stacks: tuple[StackState, ...]
    clock: Callable[[], float] = field(default=time.time)

    @classmethod
    def of(cls, project: Project, clients: Clients) -> System:
        """Raises ConfigError when the project is not deployed."""
        found = inventory.deployed(Stacks(clients.cloudformation), project.name)
        inventory.outputs(found, project.name)
        return cls(project, clients, tuple(found))

    @cached_property
    def outputs(self) -> dict[str, str]:
        return inventory.outputs(self.stacks, self.project.name)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of all stacks; those of one name have one value."""
        return {name: value for stack in self.stacks for name, value in stack.parameters.items()}

    def resources(self, kind: str) -> dict[str, str]:
        """The physical ids of all resources of a type by logical id."""
        stacks = Stacks(self.clients.cloudformation)
        found = [stacks.resources(stack.id, kind) for stack in self.stacks]
        return {name: physical for each in found for name, physical in each.items()}


Look = Callable[[System], Iterator[Finding]]
