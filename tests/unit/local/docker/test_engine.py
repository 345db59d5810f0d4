"""The SDK's errors in the executor's words, with a client that follows a script."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import requests
from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from batchkit.errors import ConfigError
from batchkit.local.docker.engine import (
    Engine,
    EngineLost,
    Found,
    Host,
    NoImage,
    Refused,
    apart,
    connect,
    host,
)

INFO = {"NCPU": 8, "OperatingSystem": "Debian GNU/Linux 12", "MemoryLimit": True}


def engine(**answers: Any) -> Engine:
    """Every call of the SDK that is named answers so, or raises what it is given."""
    api = SimpleNamespace(**{name: _answering(answer) for name, answer in answers.items()})
    containers = SimpleNamespace(create=_answering(answers.get("create")))
    return Engine(SimpleNamespace(api=api, containers=containers), Host(cpus=8))


def _answering(answer: Any) -> Any:
    def call(*_: object, **__: object) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call


def api_error(status: int, kind: type[APIError] = APIError) -> APIError:
    response = requests.Response()
    response.status_code = status
    return kind("the request", response=response, explanation="the daemon's words")


def test_a_missing_image_is_told_apart_from_other_refusals() -> None:
    with pytest.raises(NoImage, match="the daemon's words"):
        engine(create=api_error(404, ImageNotFound)).create({})
    with pytest.raises(Refused, match="the daemon's words") as refused:
        engine(create=api_error(400)).create({})
    assert not isinstance(refused.value, NoImage)


@pytest.mark.parametrize(
    "problem",
    [
        requests.exceptions.ConnectionError("reset"),
        requests.exceptions.ReadTimeout("too late"),
        DockerException("not a daemon"),
        BrokenPipeError("gone"),
    ],
)
def test_an_engine_that_does_not_answer_is_lost(problem: Exception) -> None:
    with pytest.raises(EngineLost):
        engine(start=problem).start("c")
    with pytest.raises(EngineLost):
        engine(wait=problem).wait("c")


@pytest.mark.parametrize("problem", [api_error(404, NotFound), api_error(409)])
def test_what_is_over_needs_neither_signal_nor_removal(problem: Exception) -> None:
    engine(kill=problem).kill("c", "SIGTERM")
    engine(remove_container=problem).remove("c")
    engine(remove_volume=problem).remove_volume("v")


def test_a_signal_that_fails_otherwise_is_told() -> None:
    with pytest.raises(Refused):
        engine(kill=api_error(500)).kill("c", "SIGTERM")


def test_an_engine_without_volumes_has_none() -> None:
    assert engine(volumes={"Volumes": None}).volumes("l") == []
    found = {"Volumes": [{"Name": "v", "Labels": {"l": "1"}}, {"Name": "w", "Labels": None}]}
    assert engine(volumes=found).volumes("l") == [Found("v", {"l": "1"}), Found("w", {})]


@pytest.mark.parametrize(
    ("info", "described"),
    [
        (INFO, Host(cpus=8)),
        ({**INFO, "OperatingSystem": "Docker Desktop"}, Host(cpus=8, is_this=False)),
        ({**INFO, "MemoryLimit": False}, Host(cpus=8, limits_memory=False)),
    ],
)
def test_the_host_is_what_the_engine_says(info: dict[str, Any], described: Host) -> None:
    assert host(info) == described


@pytest.mark.parametrize(
    "address",
    [
        "http+docker://localhost",
        "http+docker://localnpipe",
        "http://127.0.0.1:2375",
        "https://localhost:2376",
        "http://[::1]:2375",
    ],
)
def test_an_engine_of_this_machine_is_within_reach(address: str) -> None:
    assert apart({**INFO, "SecurityOptions": ["name=seccomp,profile=default"]}, address) is None


@pytest.mark.parametrize("address", ["http+docker://ssh", "http://192.0.2.7:2375", "https://docker:2376"])
def test_an_engine_of_another_machine_is_out_of_reach(address: str) -> None:
    assert "another machine" in (apart({**INFO, "Name": "builder"}, address) or "")


def test_a_rootless_engine_is_out_of_reach() -> None:
    info = {**INFO, "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"]}
    assert "rootless" in (apart(info, "http+docker://localhost") or "")


def test_an_engine_out_of_reach_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    client = SimpleNamespace(
        api=SimpleNamespace(base_url="https://192.0.2.7:2376"),
        info=lambda: INFO,
        close=lambda: closed.append(True),
    )
    monkeypatch.setattr(DockerClient, "from_env", lambda **_: client)
    with pytest.raises(ConfigError, match="--executor process"):
        connect()
    assert closed == [True]


def test_without_an_engine_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens on port 1. (A socket file that is missing would leave the SDK with an open socket.)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(ConfigError) as raised:
        connect()
    assert "no Docker engine answers" in str(raised.value)
    assert "docker.io" in str(raised.value)
