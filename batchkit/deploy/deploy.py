"""Carrying a plan out: a loop over its steps. A dry run is the same loop with another `Executor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from batchkit.aws.account import account_id
from batchkit.aws.network import default_network
from batchkit.aws.objects import Objects
from batchkit.aws.stacks import WAIT_SECONDS, Stacks
from batchkit.deploy import code
from batchkit.deploy.plan import File, Plan, Site, Stack, plan

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.project import Project

Report = Callable[[File | Stack], None]


class Executor(Protocol):
    """What carries out the steps of a plan."""

    def file(self, step: File) -> None: ...

    def stack(self, step: Stack) -> Mapping[str, str]:
        """Returns the stack's outputs."""
        ...


class AwsExecutor:
    """Carries steps out on AWS, or on what answers at the clients' endpoint."""

    def __init__(self, clients: Clients, project: str, wait_seconds: int = WAIT_SECONDS) -> None:
        self._objects = Objects(clients.s3)
        self._stacks = Stacks(clients.cloudformation, wait_seconds)
        self._tags = {"batchkit:project": project}

    def file(self, step: File) -> None:
        self._objects.put(step.bucket, step.key, step.body, content_type=step.content_type)

    def stack(self, step: Stack) -> Mapping[str, str]:
        return self._stacks.apply(step.name, step.template, step.parameters, self._tags)


def execute(steps: Plan, executor: Executor, report: Report = lambda step: None) -> dict[str, str]:
    """Take all steps, telling `report` of each before it begins; the outputs of all stacks."""
    outputs: dict[str, str] = {}
    for step in steps.steps:
        report(step)
        if isinstance(step, Stack):
            outputs.update(executor.stack(step))
        else:
            executor.file(step)
    return outputs


def site(clients: Clients, project: Project, image: str | None = None) -> Site:
    """The account and region of the clients, with the default network. Raises ConfigError without one."""
    account, region = account_id(clients.sts), clients.sts.meta.region_name
    return Site(
        account=account,
        region=region,
        network=default_network(clients.ec2),
        image=image or project.compute.image or default_image(account, region, project.name),
    )


def default_image(account: str, region: str, project: str) -> str:
    """Where `batchkit image push` puts the worker's image."""
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{project}-worker:latest"


def deploy(
    project: Project, clients: Clients, image: str | None = None, report: Report = lambda step: None
) -> dict[str, str]:
    """Plan and carry out; the outputs of all stacks."""
    steps = plan(project, site(clients, project, image), code.pack())
    return execute(steps, AwsExecutor(clients, project.name), report)
