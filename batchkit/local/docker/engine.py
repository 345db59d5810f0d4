"""The Docker engine as the executor sees it: ten calls, three ways to fail.

The only module here that imports the docker SDK, and so the only one that needs the extra `local`.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NoReturn, cast
from urllib.parse import urlsplit

from docker.client import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils.socket import frames_iter_no_tty
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# An engine under load takes its time to start a container; one that is gone is told by its socket at once.
_CALL_SECONDS = 300
_CONFLICT = 409


class EngineLost(Exception):
    """The engine does not answer (any more)."""


class Refused(Exception):
    """The engine answered, and it was a no."""


class NoImage(Refused):
    """The engine has no such image."""


@dataclass(frozen=True)
class Host:
    """The machine that containers run on. `is_this` tells that its 127.0.0.1 is ours: an engine on Linux,
    not one in a virtual machine (Docker Desktop and its like).
    """

    cpus: int
    is_this: bool = True
    limits_memory: bool = True


@dataclass(frozen=True)
class Found:
    """A container or a volume that is there, and its labels. A volume's `id` is its name."""

    id: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class End:
    """How a container ended."""

    code: int
    out_of_memory: bool
    error: str


class Output:
    """What a container writes, stdout and stderr in the order in which the engine read them."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def __iter__(self) -> Iterator[bytes]:
        """Pieces as they come, until the container has closed both. Raises EngineLost."""
        with _answered():
            for _, piece in frames_iter_no_tty(self._socket):
                yield cast("bytes", piece)

    def close(self) -> None:
        # The SDK leaves the answer that the socket came with, and its connection, to the garbage collector.
        self._socket._response.close()  # noqa: SLF001
        self._socket.close()


class Engine:
    """One engine. Every method but `close` raises EngineLost; those that ask for something Refused."""

    def __init__(self, client: Any, host: Host) -> None:
        self._client = client
        self._api = client.api
        self.host = host

    def create(self, options: Mapping[str, Any]) -> str:
        """A container that is not running yet; its id. Raises NoImage."""
        with _answered():
            return str(self._client.containers.create(**options).id)

    def attach(self, container: str) -> Output:
        """The output of a container that is not running yet, from the first byte on."""
        with _answered():
            wanted = {"stdout": 1, "stderr": 1, "stream": 1}
            return Output(self._api.attach_socket(container, params=wanted))

    def start(self, container: str) -> None:
        with _answered():
            self._api.start(container)

    def wait(self, container: str) -> End:
        """Block until the container has ended."""
        with _answered():
            self._api.wait(container, timeout=None)
            state = self._api.inspect_container(container)["State"]
        return End(state["ExitCode"], state["OOMKilled"], state["Error"])

    def kill(self, container: str, signal: str) -> None:
        """Signal the container's first process, if it still runs."""
        with _answered(), _already(_CONFLICT):
            self._api.kill(container, signal)

    def remove(self, container: str) -> None:
        """Kill the container and remove it and its unnamed volumes, unless somebody else has or does."""
        with _answered(), _already(_CONFLICT):
            self._api.remove_container(container, v=True, force=True)

    def containers(self, label: str) -> list[Found]:
        """All containers with `label` (`name` or `name=value`), in whatever state."""
        with _answered():
            found = self._api.containers(all=True, filters={"label": label})
        return [Found(each["Id"], each["Labels"]) for each in found]

    def volumes(self, label: str) -> list[Found]:
        """All volumes with `label` (`name` or `name=value`)."""
        with _answered():
            found = self._api.volumes(filters={"label": label})
        return [Found(each["Name"], each["Labels"] or {}) for each in found["Volumes"] or ()]

    def remove_volume(self, name: str) -> None:
        with _answered(), _already(_CONFLICT):
            self._api.remove_volume(name)

    def close(self) -> None:
        self._client.close()


def connect(connections: int = 10) -> Engine:
    """The engine that the docker command would use (DOCKER_HOST, else the current context).

    `connections` are kept open at most. Raises ConfigError when no engine answers, or one whose containers
    could not reach this machine's 127.0.0.1.
    """
    try:
        client = DockerClient.from_env(timeout=_CALL_SECONDS, max_pool_size=connections)
        info = client.info()
    except (DockerException, RequestException, HTTPError, OSError) as problem:
        raise _no_engine(problem) from problem
    obstacle = apart(info, client.api.base_url)
    if obstacle is not None:
        client.close()
        raise _out_of_reach(obstacle)
    return Engine(client, host(info))


def apart(info: Mapping[str, Any], address: str) -> str | None:
    """What keeps the containers of the engine at `address` from our 127.0.0.1, None if nothing does.

    `address` is the SDK's: `http+docker://…` for a socket or ssh, `http(s)://host:port` for tcp.
    """
    place = urlsplit(address)
    if place.scheme == "http+docker":
        is_remote = place.hostname == "ssh"
    else:
        is_remote = not _is_loopback(place.hostname or "")
    if is_remote:
        return f"an engine on another machine ({info.get('Name') or place.hostname})"
    if any("name=rootless" in option.split(",") for option in info.get("SecurityOptions") or ()):
        return "a rootless engine, which has a loopback interface of its own"
    return None


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _out_of_reach(obstacle: str) -> ConfigError:
    return ConfigError(
        "containers of this Docker engine could not reach the local stack, which listens on 127.0.0.1 only",
        found=obstacle,
        expected="an engine of root's on this machine, or Docker Desktop",
        fix="run with --executor process, which needs no engine; or name another one in DOCKER_HOST "
        "(`docker context use default` for the one of this machine)",
    )


def _no_engine(problem: Exception) -> ConfigError:
    return ConfigError(
        "no Docker engine answers",
        found=str(problem),
        expected="an engine that `docker info` can talk to",
        fix="start Docker Desktop, or on Debian: apt-get install docker.io && service docker start "
        "(and be in the group `docker`); or run with --executor process, which needs none",
    )


def host(info: Mapping[str, Any]) -> Host:
    """The machine that the engine describes."""
    in_machine = sys.platform != "linux" or "Docker Desktop" in info.get("OperatingSystem", "")
    return Host(
        cpus=int(info["NCPU"]),
        is_this=not in_machine,
        limits_memory=bool(info.get("MemoryLimit", True)),
    )


@contextmanager
def _answered() -> Iterator[None]:
    """The SDK's errors in this module's words."""
    try:
        yield
    except APIError as problem:
        _refuse(problem)
    except (DockerException, RequestException, HTTPError, OSError) as problem:
        raise EngineLost(str(problem) or type(problem).__name__) from problem


def _refuse(problem: APIError) -> NoReturn:
    text = str(problem.explanation or problem)
    raise (NoImage if isinstance(problem, ImageNotFound) else Refused)(text) from problem


@contextmanager
def _already(status: int) -> Iterator[None]:
    """What is gone, or in the state `status` stands for, needs nothing."""
    try:
        yield
    except NotFound:
        return
    except APIError as problem:
        if problem.status_code != status:
            raise
