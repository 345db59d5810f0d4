"""All looks at a machine, in the order in which a person would take them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator

from batchkit.deploy.doctor.finding import Finding
from batchkit.errors import BatchkitError, MissingExtra
from batchkit.local.address import DEFAULT_PORT
from batchkit.local.docker import ownership
from batchkit.local.doctor.machine import Docker, Machine, Place, Room

# Objects above some megabytes, originals and outputs of previews lie in the temporary folder.
MIN_FREE = 10**9

# What one goes without; the local stack is what this doctor is asked about, the rest is a choice.
WITHOUT = {
    "fast": "pictures are resized by Pillow: the same pictures, in more time",
    "images": "no job can read or make pictures; other jobs need none of it",
    "inventory": "`batchkit submit` reads no S3 Inventory in Parquet; those in CSV it does",
    "local": "there is no local stack: no `batchkit demo`, `local`, `image`, nor a project's own tests",
    "report": "there is no `batchkit report`",
}
NEEDED = frozenset({"local"})

Look = Callable[[Machine], Iterator[Finding]]


def python(machine: Machine) -> Iterator[Finding]:
    """A version that batchkit is not tested with."""
    if not machine.tested or machine.python in machine.tested:
        return
    span = f"{_dotted(min(machine.tested))} to {_dotted(max(machine.tested))}"
    yield Finding(
        "python",
        f"this is Python {_dotted(machine.python)}; batchkit is tested with {span}",
        "nobody has tried whether all of it works",
        f"make the virtual environment with one of {span}",
        note=machine.python > max(machine.tested),
    )


def extras(machine: Machine) -> Iterator[Finding]:
    """Optional parts that are not installed."""
    for extra, modules in machine.missing.items():
        yield Finding(
            "extra",
            f"the extra '{extra}' is not installed: no module {', '.join(modules)}",
            WITHOUT[extra],
            f"pip install 'batchkit[{extra}]'",
            note=extra not in NEEDED,
        )


def job(machine: Machine) -> Iterator[Finding]:
    """A project that cannot be read, or whose job cannot be loaded."""
    if isinstance(machine.equipment, BatchkitError):
        yield _of_error("job", machine.equipment, "every command that needs the project ends so")


def docker(machine: Machine) -> Iterator[Finding]:
    """An engine that is not there, or whose containers could not reach the stack. Only some need one."""
    found = machine.docker
    if isinstance(found, BatchkitError):
        # The missing SDK is a finding already.
        if not isinstance(found, MissingExtra):
            why = "only `--executor docker` and `batchkit image` need one"
            yield _of_error("docker", found, why, note=True)
    elif found.obstacle is not None:
        yield Finding(
            "docker",
            f"the Docker engine is {found.obstacle}",
            "its containers cannot reach the local stack; `batchkit image` works",
            "--executor process, or another engine in DOCKER_HOST",
            note=True,
        )


def places(machine: Machine) -> Iterator[Finding]:
    """Where the stack is, or should be, and who is there instead."""
    for place in machine.places:
        if place.listener != "a local stack":
            yield from _named(place) if place.named else _taken(place)


def _named(place: Place) -> Iterator[Finding]:
    yield Finding(
        "endpoint",
        f"AWS_ENDPOINT_URL leads to {place}; who listens there: {place.listener}",
        "every command of this shell that talks to AWS goes there",
        f"batchkit local up --port {place.port}; or unset AWS_ENDPOINT_URL"
        if place.listener == "nobody"
        else f"unset AWS_ENDPOINT_URL, or name a local stack in it; lsof -i :{place.port} says who it is",
        note=place.listener == "another program",
    )


def _taken(place: Place) -> Iterator[Finding]:
    if place.listener != "nobody":
        yield Finding(
            "port",
            f"{place} is taken by {place.listener}",
            "`batchkit local up` cannot listen there; `demo` and `local run` take any free port",
            f"batchkit local up --port {DEFAULT_PORT + 1}, or 0 for any free one; lsof -i :{place.port} says"
            " who it is",
        )


def leftovers(machine: Machine) -> Iterator[Finding]:
    """What stacks that were killed could not clean up."""
    for folder in machine.abandoned:
        yield Finding(
            "leftovers",
            f"the folder {folder} is a dead process's",
            "it takes room; the next local stack removes it",
            f"rm -r {shlex.quote(str(folder))}",
        )
    for stack in machine.docker.orphans if isinstance(machine.docker, Docker) else ():
        label = f"--filter label={shlex.quote(f'{ownership.STACK}={stack}')}"
        yield Finding(
            "leftovers",
            f"containers or volumes of the stack {stack} are there, and its process is dead",
            "they take room, or still run; the next stack with --executor docker removes them",
            f"docker ps -aq {label} | xargs -r docker rm -fv;"
            f" docker volume ls -q {label} | xargs -r docker volume rm",
        )


def temporary(machine: Machine) -> Iterator[Finding]:
    """A temporary folder that is not there, or nearly full."""
    room = machine.room
    if isinstance(room, Room) and room.free >= MIN_FREE:
        return
    found = f"{room.free / 1e9:.1f} GB are free in {room.folder}" if isinstance(room, Room) else _said(room)
    yield Finding(
        "temporary",
        found,
        "large objects of the local stack, generated photos and the handlers' code lie there",
        f"make room, or name another folder in TMPDIR: with {MIN_FREE / 1e9:.0f} GB or more",
    )


def cells(machine: Machine) -> Iterator[Finding]:
    """Whether a job's crash costs an item or the child."""
    if machine.uncelled is not None:
        yield Finding(
            "cells",
            machine.uncelled,
            "a source that crashes the job ends the whole child here; in the worker's image it costs an item",
            "--executor docker, where children are as on AWS",
            note=machine.system != "linux",
        )


LOOKS: dict[str, Look] = {
    "python": python,
    "extras": extras,
    "job": job,
    "docker": docker,
    "places": places,
    "leftovers": leftovers,
    "temporary": temporary,
    "cells": cells,
}


def examine(machine: Machine) -> Iterator[Finding]:
    """All findings."""
    for look in LOOKS.values():
        yield from look(machine)


def facts(machine: Machine) -> dict[str, str]:
    """What is here, in words, whether or not anything is wrong with it."""
    docker, room = machine.docker, machine.room
    told = {
        "batchkit": machine.version,
        "python": f"{_dotted(machine.python)} on {machine.system}",
        "docker": f"{docker.version}, {docker.platform}" if isinstance(docker, Docker) else "none",
        **{str(place): place.listener for place in machine.places},
        "temporary": f"{room.folder}, {room.free / 1e9:.1f} GB free" if isinstance(room, Room) else "none",
        "cells": machine.uncelled or "yes",
    }
    return told if isinstance(machine.equipment, BatchkitError) else {**machine.equipment, **told}


def _of_error(check: str, error: BatchkitError, why: str, *, note: bool = False) -> Finding:
    return Finding(check, _said(error), why, error.fix or f"expected: {error.expected}", note=note)


def _said(error: BatchkitError) -> str:
    return error.what if error.found is None else f"{error.what}: {error.found}"


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
