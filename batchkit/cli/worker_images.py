"""Which image a deployment runs: named, built here, or the one that runs already."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from batchkit.aws import registry
from batchkit.cli.options import environment
from batchkit.deploy.deploy import default_image
from batchkit.deploy.worker_image import WorkerImage, current, missing
from batchkit.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.aws.stacks import Stacks
    from batchkit.project import Project

# What Docker calls the architectures of [compute].
PLATFORMS = {"x86-64": "linux/amd64", "arm64": "linux/arm64"}


def choose(
    project: Project, clients: Clients, stacks: Stacks, account: str, given: str | None, *, dry_run: bool
) -> WorkerImage:
    """The image named by --image or batchkit.toml; else one of the code that is installed, built if need be.

    A dry run builds nothing and takes what runs now. Raises ConfigError when there is none to be had.
    """
    named = given or project.compute.image
    if named is not None:
        return WorkerImage(named)
    latest = default_image(account, clients.sts.meta.region_name, project.name)
    if dry_run:
        click.echo("a dry run builds no image: that its content changed is not seen here", err=True)
        return WorkerImage(current(clients, stacks, project.name, latest) or latest)
    try:
        return _built(clients, latest.rpartition(":")[0], PLATFORMS[project.compute.architecture])
    except ConfigError as error:
        found = current(clients, stacks, project.name, latest)
        if found is None:
            raise missing(error, latest) from error
        click.echo(f"no image is built: {error.what}; children run {found}", err=True)
        return WorkerImage(found)


def _built(clients: Clients, repository: str, platform: str) -> WorkerImage:
    """The image of the installed code: its tag is its content, so one of that tag is right."""
    try:
        from batchkit.cli.image import build_image  # noqa: PLC0415  (needs an extra)
        from batchkit.deploy.image import engine, push  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtra("building an image", "local", str(error.name)) from error
    with closing(engine.connect(environment())) as client:
        built = build_image(client, platform=platform)
    uri = f"{repository}:{built.tag.rpartition(':')[2]}"
    if registry.digest(clients.ecr, uri) is not None:
        return WorkerImage(uri)

    def bring() -> None:
        with closing(engine.connect(environment())) as client:
            login = registry.login(clients.ecr, repository)
            push.push(client, built.tag, repository, login, lambda line: click.echo(line, err=True))

    return WorkerImage(uri, bring)
