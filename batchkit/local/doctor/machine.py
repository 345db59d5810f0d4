"""A machine as the looks see it, and reading this one. Nothing is changed."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.metadata import PackageNotFoundError, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from batchkit import __version__
from batchkit.deploy.image import engine
from batchkit.errors import BatchkitError, ConfigError
from batchkit.job import Equipped
from batchkit.local import scratch
from batchkit.local.address import DEFAULT_PORT, HOST, LIVE_PATH
from batchkit.worker import isolation

if TYPE_CHECKING:
    from docker import DockerClient

    from batchkit.project import Project

# An engine or a stack of this machine that takes longer is one that hangs.
ENGINE_SECONDS = 10
STACK_SECONDS = 10.0

LOCAL_NAMES = (HOST, "localhost", "::1")
TITLE = b"<title>Local stack"
CLASSIFIER = re.compile(r"Programming Language :: Python :: (\d+)\.(\d+)")

Listener = Literal["nobody", "a local stack", "another program", "a program that does not answer"]
Version = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """An address of this machine, and who listens there. `named`: AWS_ENDPOINT_URL leads there."""

    host: str
    port: int
    listener: Listener
    named: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Docker:
    """An engine that answers. `obstacle`: what keeps its containers from the local stack.

    `orphans` are stacks whose process is dead and whose containers or volumes are there.
    """

    platform: str
    version: str
    obstacle: str | None = None
    orphans: tuple[str, ...] = ()


@dataclass(frozen=True)
class Room:
    """The temporary folder, and its free bytes."""

    folder: str
    free: int


@dataclass(frozen=True)
class Machine:
    """What was read. An error stands in the place of what could not be.

    `tested`: the versions of Python that batchkit is tested with. `missing`: modules that are not installed,
    by the extra that brings them. `equipment`: what the project's job has chosen. `abandoned`: folders of
    dead processes. `uncelled`: what keeps a job from running in cells.
    """

    version: str
    system: str
    python: Version
    tested: tuple[Version, ...]
    missing: Mapping[str, tuple[str, ...]]
    equipment: Mapping[str, str] | BatchkitError
    docker: Docker | BatchkitError
    places: tuple[Place, ...]
    room: Room | BatchkitError
    abandoned: tuple[Path, ...] = ()
    uncelled: str | None = None


def this_machine(
    project: Project | BatchkitError, environ: Mapping[str, str], modules: Mapping[str, str]
) -> Machine:
    """This machine. `project` is the one whose job is asked; `modules` are optional, with their extra."""
    space = room()
    return Machine(
        version=__version__,
        system=sys.platform,
        python=sys.version_info[:2],
        tested=tested(),
        missing=missing(modules),
        equipment=project if isinstance(project, BatchkitError) else equipment(project),
        docker=docker(environ),
        places=tuple(places(environ.get("AWS_ENDPOINT_URL", ""))),
        room=space,
        abandoned=tuple(scratch.abandoned("batchkit-")) if isinstance(space, Room) else (),
        uncelled=uncelled(),
    )


def tested() -> tuple[Version, ...]:
    """As the installed package's classifiers have them; () where batchkit runs without being installed."""
    try:
        named = metadata("batchkit").get_all("Classifier") or ()
    except PackageNotFoundError:
        return ()
    return tuple((int(found[1]), int(found[2])) for each in named if (found := CLASSIFIER.fullmatch(each)))


def missing(modules: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Modules that are not installed, by extra."""
    absent = [name for name in modules if find_spec(name) is None]
    extras = sorted({modules[name] for name in absent})
    return {extra: tuple(name for name in absent if modules[name] == extra) for extra in extras}


def equipment(project: Project) -> Mapping[str, str] | BatchkitError:
    """What the project's job says, if it says anything; or why it cannot be loaded."""
    try:
        job = project.recipe.job
        return job.equipment() if isinstance(job, Equipped) else {}
    except BatchkitError as error:
        return error
    except Exception as problem:  # whatever a job's own code raises is what the look is for
        return ConfigError(
            f"the job of {project.path} does not load",
            found=f"{type(problem).__name__}: {problem}",
            fix="correct it, or install what it imports; `batchkit --debug check` shows where",
        )


def docker(environ: Mapping[str, str]) -> Docker | BatchkitError:
    """The engine, or why there is none."""
    try:
        with closing(engine.connect(environ, ENGINE_SECONDS)) as client:
            return _described(client)
    except BatchkitError as error:
        return error


def _described(client: DockerClient) -> Docker:
    # Present with a client: both need the SDK, which is an optional extra.
    from batchkit.local.docker import cleanup  # noqa: PLC0415
    from batchkit.local.docker.engine import Engine, EngineLost, Refused, apart, host  # noqa: PLC0415

    with engine.answering("telling what it is"):
        info = client.info()
    try:
        orphans = cleanup.orphans(Engine(client, host(info)))
    except (EngineLost, Refused) as problem:
        raise ConfigError("the Docker engine does not list its containers", found=str(problem)) from problem
    platform = f"{info.get('OSType', '?')}/{info.get('Architecture', '?')}"
    obstacle = apart(info, client.api.base_url)
    return Docker(platform, str(info.get("ServerVersion", "?")), obstacle, tuple(orphans))


def places(url: str) -> Iterator[Place]:
    """Where AWS_ENDPOINT_URL leads, if that is this machine, and where a local stack would be else."""
    named = _local_place(url)
    if named is not None:
        yield Place(*named, listener(*named), named=True)
    if named is None or named[1] != DEFAULT_PORT:
        yield Place(HOST, DEFAULT_PORT, listener(HOST, DEFAULT_PORT))


def _local_place(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname in LOCAL_NAMES else None


def listener(host: str, port: int, timeout: float = STACK_SECONDS) -> Listener:
    """Who listens there: a local stack shows its live page."""
    with closing(HTTPConnection(host, port, timeout=timeout)) as connection:
        try:
            connection.connect()
        except OSError:
            return "nobody"
        try:
            connection.request("GET", LIVE_PATH)
            with connection.getresponse() as answer:
                shown = answer.status == 200 and TITLE in answer.read(4096)
        except TimeoutError:
            return "a program that does not answer"
        except (OSError, HTTPException):
            return "another program"
    return "a local stack" if shown else "another program"


def room() -> Room | BatchkitError:
    """The folder that Python chooses, which is one that can be written to."""
    try:
        folder = tempfile.gettempdir()
        return Room(folder, shutil.disk_usage(folder).free)
    except OSError as error:
        return ConfigError("there is no temporary folder", found=str(error))


def uncelled() -> str | None:
    """What keeps a job from running in cells of its own; None: nothing does."""
    if not isolation.is_possible():
        return f"{sys.platform} has no memory files"
    try:
        os.close(os.memfd_create("batchkit-doctor", os.MFD_CLOEXEC))
    except OSError as error:
        return f"no memory file can be made: {error}"
    return None
