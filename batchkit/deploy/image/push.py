"""Pushing the worker's image to a registry; what was pushed is named by its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.deploy.image import engine
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from docker import DockerClient

    from batchkit.aws.registry import Login

LATEST = "latest"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Pushed:
    """An image in a registry. `image` (`repository@sha256:…`) never names anything else."""

    image: str
    tags: tuple[str, ...]


def push(
    client: DockerClient,
    image: str,
    repository: str,
    login: Login | None = None,
    report: Report = lambda line: None,
) -> Pushed:
    """Push a local image under its own tag and as `latest`, which deployments take.

    Without a login the engine's stored one is used. Raises ConfigError when the registry refuses.
    """
    check(repository)
    found = engine.find(client, image)
    if found is None:
        raise ConfigError(f"there is no image {image} to push", fix="batchkit image build")
    tags = tuple(dict.fromkeys((image.rpartition(":")[2], LATEST)))
    digest = ""
    for tag in tags:
        with engine.answering(f"naming the image {repository}:{tag}"):
            found.tag(repository, tag)
        digest = _push(client, repository, tag, login, report)
    return Pushed(f"{repository}@{digest}", tags)


def check(repository: str) -> None:
    """Raise ConfigError unless `repository` is a URI without tag or digest, which batchkit chooses."""
    if "@" in repository or ":" in repository.rpartition("/")[2] or "/" not in repository:
        raise ConfigError(
            "that is not a repository",
            found=repository,
            expected="REGISTRY/NAME, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com/photos-worker",
            fix="leave out the tag: it is the image's own",
        )


def _push(client: DockerClient, repository: str, tag: str, login: Login | None, report: Report) -> str:
    auth = {"username": login.username, "password": login.password} if login else None
    try:
        with engine.answering(f"pushing {repository}:{tag}"):
            answers = client.api.push(repository, tag, stream=True, decode=True, auth_config=auth)
            return _digest(engine.follow(answers), f"{repository}:{tag}", report)
    except engine.StreamError as error:
        raise ConfigError(
            f"{repository}:{tag} could not be pushed",
            found=error.message,
            fix=advice(error.message, repository),
        ) from error


def advice(message: str, repository: str) -> str:
    """What helps against a registry's refusal."""
    text = message.lower()
    if "does not exist" in text or "name unknown" in text:
        return f"aws ecr create-repository --repository-name {repository.partition('/')[2]}"
    if "immutable" in text and f"'{LATEST}'" in text:
        return f"let the repository's tag '{LATEST}' be mutable: it moves with each push"
    if "immutable" in text:
        return (
            "nothing has to be pushed: under this tag lies an image of the same content; name it with --image"
        )
    if any(word in text for word in ("denied", "unauthorized", "no basic auth")):
        return "log in (docker login), or give the role the actions of AmazonEC2ContainerRegistryPowerUser"
    return "check the repository's name and the network of the Docker engine"


def _digest(answers: Iterable[Any], name: str, report: Report) -> str:
    """The digest that the registry gave; each layer that arrived is reported."""
    digest = ""
    for answer in answers:
        digest = (answer.get("aux") or {}).get("Digest", digest)
        if answer.get("status") in {"Pushed", "Layer already exists"}:
            report(f"{answer.get('id', '')} {answer['status'].lower()}")
    if not digest:
        raise ConfigError(f"the registry gave no digest for {name}", fix="push again")
    return digest
