"""Which executor is made."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.docker_engine import Listener

from batchkit.errors import ConfigError, MissingExtra
from batchkit.local.batch.executor import Executor
from batchkit.local.executors import make_executor
from batchkit.local.faults import parse
from batchkit.local.spot import SpotReclaims

_USERS = ("batchkit.local.docker.engine", "batchkit.local.docker.executor")


@contextmanager
def made(faults: str = "") -> Iterator[Executor]:
    """A process executor, which must be attached before it can be closed."""
    executor = make_executor("process", {}, faults=parse(faults))
    executor.attach(Listener())
    try:
        yield executor
    finally:
        executor.close()


def test_processes_need_no_engine() -> None:
    with made() as executor:
        assert isinstance(executor, SpotReclaims)


def test_without_the_sdk_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _USERS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "docker", None)
    monkeypatch.setitem(sys.modules, "docker.client", None)
    with pytest.raises(MissingExtra, match="the docker executor needs the optional extra 'local'"):
        make_executor("docker", {})


def test_without_an_engine_the_error_comes_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(ConfigError, match="no Docker engine answers"):
        make_executor("docker", {})
