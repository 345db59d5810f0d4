"""The Docker engine: found through the docker SDK, whose errors become batchkit's here."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batchkit.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from docker import DockerClient
    from docker.models.images import Image

TIMEOUT_SECONDS = 600
KEPT_LINES = 12
COLOURS = re.compile(r"\x1b\[[0-9;]*m")

GET_ONE = (
    "start it (Docker Desktop, colima, `systemctl start docker`), or install one: on Debian and Ubuntu "
    "`apt-get install docker.io`; elsewhere https://docs.docker.com/engine/install/. "
    "DOCKER_HOST names an engine that listens elsewhere (`docker context inspect` tells where)"
)


def connect(environ: Mapping[str, str], timeout: int = TIMEOUT_SECONDS) -> DockerClient:
    """A client of the engine that DOCKER_HOST names, else of the local one; it waits `timeout` seconds.

    Raises MissingExtra without the docker SDK, ConfigError when no engine answers.
    """
    try:
        import docker  # noqa: PLC0415 - an optional extra
        from docker.errors import DockerException  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtra("talking to a Docker engine", "local", "docker") from error
    try:
        client = docker.from_env(environment=dict(environ), timeout=timeout)
        client.ping()
    except (DockerException, RequestException) as error:
        raise ConfigError(
            "no Docker engine answers",
            found=str(error),
            expected=f"an engine at {environ.get('DOCKER_HOST', 'unix:///var/run/docker.sock')}",
            fix=GET_ONE,
        ) from error
    return client


@contextmanager
def answering(doing: str, fix: str | None = None) -> Iterator[None]:
    """Raise the SDK's errors as ConfigError; `doing` says what was attempted, `fix` what else may help."""
    from docker.errors import DockerException  # noqa: PLC0415 - an optional extra, present with a client
    from requests.exceptions import RequestException  # noqa: PLC0415

    try:
        yield
    except (DockerException, RequestException) as error:
        text = getattr(error, "explanation", None) or error
        raise ConfigError(f"the Docker engine failed while {doing}", found=text, fix=fix) from error


def find(client: DockerClient, name: str) -> Image | None:
    """The local image of that name or id, if there is one."""
    from docker.errors import ImageNotFound  # noqa: PLC0415 - an optional extra, present with a client

    with answering(f"looking for the image {name}"):
        try:
            return client.images.get(name)
        except ImageNotFound:
            return None


def follow(answers: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The engine's answers, one by one. Raises StreamError for an error, with the lines before it."""
    lines: list[str] = []
    for answer in answers:
        if "error" in answer:
            raise StreamError(str(answer["error"]).strip(), tuple(lines[-KEPT_LINES:]))
        lines += said(answer).splitlines()
        yield answer


def said(answer: Mapping[str, Any]) -> str:
    """What a step printed, "" for an answer without output; without the engine's colours for stderr."""
    return COLOURS.sub("", str(answer.get("stream", ""))).strip()


class StreamError(Exception):
    """What the engine said last, and the output before it."""

    def __init__(self, message: str, lines: tuple[str, ...]) -> None:
        self.message = message
        self.lines = lines
        super().__init__(message)
