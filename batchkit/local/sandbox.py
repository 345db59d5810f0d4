"""A project running on this machine: the local stack with the project's own templates deployed to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.deploy.deploy import deploy
from batchkit.local.executors import Kind, make_executor
from batchkit.local.faults import Faults
from batchkit.local.spot import SpotReclaims
from batchkit.local.stack import LocalStack
from batchkit.local.trace import Observer, ignore
from batchkit.project import Project


@dataclass(frozen=True)
class Options:
    """How a sandbox runs: on which port (0: any free one), with which executor and image, with which faults.

    `image` is what the docker executor runs in the place of the image that the job definitions name.
    """

    port: int = 0
    executor: Kind = "process"
    image: str | None = None
    faults: Faults = field(default_factory=Faults)
    observe: Observer = ignore

    def make_executor(
        self, uses: str, environment: Mapping[str, str], observe: Observer = ignore
    ) -> SpotReclaims:
        """The executor, whose processes have imported the job `uses` ahead."""
        return make_executor(
            self.executor,
            environment,
            uses=(uses,),
            image=self.image,
            faults=self.faults,
            observe=observe,
        )


@dataclass(frozen=True)
class Sandbox:
    """A deployed project: the stack under it, clients of its endpoint, and CloudFormation's outputs."""

    project: Project
    stack: LocalStack[SpotReclaims]
    clients: Clients
    outputs: Mapping[str, str]

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.clients.dynamodb, self.outputs["LedgerTable"])


@contextmanager
def sandbox(project: Project, options: Options | None = None) -> Iterator[Sandbox]:
    """Start the stack, deploy the project to it, and stop everything at the end.

    Raises ConfigError: a recipe that its job refuses, a port that is taken, no Docker engine.
    """
    chosen, uses = options or Options(), project.recipe.uses
    stack: LocalStack[SpotReclaims] = LocalStack(
        lambda environment: chosen.make_executor(uses, environment, stack.observe),
        port=chosen.port,
        observe=chosen.observe,
        faults=chosen.faults.events,
        call_faults=chosen.faults.calls,
        on_purpose=chosen.faults.texts,
    )
    with stack:
        clients = Clients.of_environment(stack.environment)
        yield Sandbox(project, stack, clients, deploy(project, clients))
