"""`batchkit image build|push`: the container image that every child runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import click

from batchkit.aws import registry
from batchkit.aws.clients import Clients
from batchkit.cli.options import environment, output_option
from batchkit.cli.output import human_bytes, print_json, print_mapping, print_rows
from batchkit.deploy.image import base as bases
from batchkit.deploy.image import build as building
from batchkit.deploy.image import engine
from batchkit.deploy.image import push as pushing

if TYPE_CHECKING:
    from docker import DockerClient

    from batchkit.deploy.image.build import Built

BASE = "BATCHKIT_BASE_IMAGE"
COMPILER = "BATCHKIT_COMPILER_IMAGE"

F = TypeVar("F", bound=Callable[..., None])


def _building_options(command: F) -> F:
    """`--base`, `--compiler`, `--platform`."""
    command = click.option(
        "--platform",
        type=click.Choice(list(bases.MACHINES)),
        help="What the children run on; without it, what the base image or the engine is.",
    )(command)
    command = click.option(
        "--compiler",
        envvar=COMPILER,
        metavar="IMAGE",
        help="The base's Python with gcc and codec headers: makes resizing several times as fast on x86-64.",
    )(command)
    return click.option(
        "--base",
        envvar=BASE,
        metavar="IMAGE",
        default=bases.DEFAULT,
        show_default=True,
        help="A Python 3.11+ image with glibc; NAME@sha256:… pins it.",
    )(command)


@click.group()
def command() -> None:
    """Build the workers' container image, and push it to a registry.

    \b
    Examples:
      batchkit image build
      batchkit image push --repository 123456789012.dkr.ecr.eu-west-1.amazonaws.com/photos-worker
    """


@command.command()
@_building_options
@click.option("--tag", metavar="NAME", help="One more name for the image.")
@output_option
def build(base: str, compiler: str | None, platform: str | None, tag: str | None, output: str) -> None:
    """Build the image, unless the engine has one of the same content.

    \b
    Examples:
      batchkit image build
      batchkit image build --platform linux/arm64 --tag photos-worker:arm
      batchkit image build --base "$(containers/base/build)" \\
        --compiler "$(containers/base/build --compiler)"         # no registry needed

    Wheels are downloaded once and kept in ~/.cache/batchkit; no step of the build needs a network.
    """
    with closing(engine.connect(environment())) as client:
        built = build_image(client, base, platform, tag, compiler)
    if output == "json":
        print_json(asdict(built))
        return
    facts = {"image": built.tag, "id": built.id, "size": human_bytes(built.bytes), "platform": built.platform}
    print_mapping({**facts, "python": built.python, "base": built.base, "built": not built.existed})
    click.echo()
    print_rows(("size", "layer"), [(human_bytes(layer.bytes), layer.step) for layer in built.layers])


@command.command()
@_building_options
@click.option("--repository", required=True, metavar="URI", help="REGISTRY/NAME, without a tag.")
@output_option
def push(base: str, compiler: str | None, platform: str | None, repository: str, output: str) -> None:
    """Build the image if need be and push it, under its own tag and as `latest`.

    \b
    Example:
      batchkit image push --repository 123456789012.dkr.ecr.eu-west-1.amazonaws.com/photos-worker

    On ECR the login comes from your AWS credentials; elsewhere from `docker login`. Prints the image with
    its digest, for `image` under [compute] in batchkit.toml.
    """
    pushing.check(repository)
    with closing(engine.connect(environment())) as client:
        login = registry.login(Clients().ecr, repository) if registry.region_of(repository) else None
        built = build_image(client, base, platform, compiler=compiler)
        pushed = pushing.push(client, built.tag, repository, login, _progress)
    if output == "json":
        print_json(asdict(pushed))
    else:
        print_mapping({"image": pushed.image, "tags": ", ".join(pushed.tags)})


def build_image(
    client: DockerClient,
    base: str | None = None,
    platform: str | None = None,
    tag: str | None = None,
    compiler: str | None = None,
) -> Built:
    """Build the image unless there is one of the same content; progress goes to standard error."""
    environ = environment()
    base = base or environ.get(BASE, bases.DEFAULT)
    return building.build(
        client,
        environ=environ,
        base=base,
        platform=platform,
        tag=tag,
        compiler=compiler or environ.get(COMPILER),
        report=_progress,
    )


def _progress(line: str) -> None:
    click.echo(line, err=True)
