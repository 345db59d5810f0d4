"""Carrying a plan out: a loop over its steps. A dry run is that loop with another `Executor`: `preview`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from batchkit.aws.account import account_id
from batchkit.deploy import code
from batchkit.deploy.executor import AwsExecutor
from batchkit.deploy.plan import plan
from batchkit.deploy.steps import File, FromOutput, Plan, Removal, Site, Stack, Step
from batchkit.deploy.tools import Tools
from batchkit.planning import names

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.project import Project

Report = Callable[[Step], None]


class Executor(Protocol):
    """What carries out the steps of a plan."""

    def file(self, step: File) -> None: ...

    def stack(self, step: Stack) -> Mapping[str, str]:
        """Returns the stack's outputs. Its parameters are all known by now."""
        ...

    def removal(self, step: Removal) -> None: ...


def execute(steps: Plan, executor: Executor, report: Report = lambda step: None) -> dict[str, str]:
    """Take all steps, telling `report` of each before it begins; the outputs of all stacks."""
    outputs: dict[str, dict[str, str]] = {}
    for step in steps.steps:
        report(step)
        if isinstance(step, Stack):
            outputs[step.name] = dict(executor.stack(resolved(step, outputs)))
        elif isinstance(step, Removal):
            executor.removal(step)
        else:
            executor.file(step)
    return {key: value for each in outputs.values() for key, value in each.items()}


def resolved(step: Stack, outputs: Mapping[str, Mapping[str, str]]) -> Stack:
    """The step with the outputs of earlier stacks (by stack and key) for the parameters that await them;
    one that is not known stays as it is."""
    parameters = {
        name: outputs.get(value.stack, {}).get(value.key, value) if isinstance(value, FromOutput) else value
        for name, value in step.parameters.items()
    }
    return replace(step, parameters=parameters)


def site(clients: Clients, project: Project, image: str | None = None) -> Site:
    """The account and region of the clients, and the image: given, the project's, or the one pushed last."""
    account, region = account_id(clients.sts), clients.sts.meta.region_name
    return Site(
        account=account,
        region=region,
        image=image or project.compute.image or default_image(account, region, project.name),
    )


def default_image(account: str, region: str, project: str) -> str:
    """Where `batchkit image push` puts the worker's image."""
    host = f"{account}.dkr.ecr.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    return f"{host}/{names.image_repository(project)}:latest"


def deploy(
    project: Project, clients: Clients, image: str | None = None, report: Report = lambda step: None
) -> dict[str, str]:
    """Plan and carry out; the outputs of all stacks."""
    steps = plan(project, site(clients, project, image), code.pack())
    return execute(steps, AwsExecutor(Tools.of(clients, project.name)), report)
