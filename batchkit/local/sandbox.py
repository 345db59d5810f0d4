"""A project running on this machine: the local stack with the project's own templates deployed to it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.deploy.deploy import deploy
from batchkit.local.stack import LocalStack
from batchkit.local.trace import Observer, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from batchkit.project import Project

# Looks at CloudFormation while it works, in seconds: moto answers at once.
WAIT_SECONDS = 0


@dataclass(frozen=True)
class Sandbox:
    """A deployed project: the stack under it, clients of its endpoint, and CloudFormation's outputs."""

    project: Project
    stack: LocalStack
    clients: Clients
    outputs: Mapping[str, str]

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.clients.dynamodb, self.outputs["LedgerTable"])


@contextmanager
def sandbox(
    project: Project,
    *,
    stack: Callable[..., LocalStack] = LocalStack,
    port: int = 0,
    observe: Observer = ignore,
) -> Iterator[Sandbox]:
    """Start the stack on `port` (0: any free one), deploy the project; stop everything at the end."""
    recipe = project.recipe
    with stack(port=port, observe=observe, preload=(recipe.uses,)) as running:
        clients = Clients.of_environment(running.environment)
        yield Sandbox(project, running, clients, deploy(project, clients))
