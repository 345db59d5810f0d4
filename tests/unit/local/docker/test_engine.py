"""The SDK's errors in the executor's words, with a client that follows a script."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from batchkit.errors import ConfigError
from batchkit.local.docker.engine import Engine, EngineLost, Host, NoImage, Refused, connect

INFO = {"NCPU": 8, "OperatingSystem": "Debian GNU/Linux 12", "MemoryLimit": True}


def engine(info: dict[str, Any] = INFO, **answers: Any) -> Engine:
    """Every call of the SDK that is named answers so, or raises what it is given."""
    api = SimpleNamespace(**{name: _answering(answer) for name, answer in answers.items()})
    containers = SimpleNamespace(create=_answering(answers.get("create")))
    client = SimpleNamespace(api=api, containers=containers, info=lambda: info, close=lambda: None)
    return Engine(client)


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
    assert engine(volumes={"Volumes": [{"Name": "v"}]}).volumes("l") == ["v"]


@pytest.mark.parametrize(
    ("info", "host"),
    [
        (INFO, Host(cpus=8)),
        ({**INFO, "OperatingSystem": "Docker Desktop"}, Host(cpus=8, is_this=False)),
        ({**INFO, "MemoryLimit": False}, Host(cpus=8, limits_memory=False)),
    ],
)
def test_the_host_is_what_the_engine_says(info: dict[str, Any], host: Host) -> None:
    assert engine(info).host == host


def test_without_an_engine_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens on port 1. (A socket file that is missing would leave the SDK with an open socket.)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(ConfigError) as raised:
        connect()
    assert "no Docker engine answers" in str(raised.value)
    assert "docker.io" in str(raised.value)
