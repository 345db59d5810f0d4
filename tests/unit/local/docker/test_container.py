"""The life of one container, with an engine that follows a script."""

from __future__ import annotations

from typing import Any

import pytest
from support.docker_engine import LOST, FakeEngine, Listener

from batchkit.local.batch.executor import Exit
from batchkit.local.docker.container import OUT_OF_MEMORY, Container
from batchkit.local.docker.engine import End, NoImage, Refused

GONE = "Host EC2 (instance i-0123) terminated."


def container(engine: Any) -> Container:
    options = {"name": "c", "image": "worker:1", "labels": {}}
    return Container(engine, "t", options, instance="i-0123")


def run(engine: FakeEngine) -> tuple[Exit, list[tuple[str, object]]]:
    listener = Listener()
    end = container(engine).run(listener)
    return end, listener.of("t")


def test_a_container_is_attached_before_it_starts_and_removed_before_its_end_is_told() -> None:
    engine = FakeEngine(pieces=(b"one\n", b"two"))
    end, news = run(engine)
    assert end == Exit(0)
    assert news == [("running", None), ("output", b"one\n"), ("output", b"two")]
    assert engine.names() == ["create", "attach", "start", "wait", "remove"]
    assert engine.outputs[0].is_closed


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (End(75, False, ""), Exit(75)),
        (End(137, False, ""), Exit(137)),
        (End(137, True, ""), Exit(137, OUT_OF_MEMORY)),
        (End(1, True, ""), Exit(1, OUT_OF_MEMORY)),
        (End(128, False, "no space left"), Exit(128, "no space left")),
    ],
)
def test_only_the_engine_can_tell_that_memory_ran_out(end: End, told: Exit) -> None:
    assert run(FakeEngine(end=end))[0] == told


def test_a_missing_image_says_how_to_get_it() -> None:
    end, news = run(FakeEngine(raising={"create": NoImage("No such image: worker:1")}))
    assert (end.code, end.status_reason, news) == (None, "Task failed to start", [])
    assert end.reason is not None
    assert end.reason.startswith("CannotPullContainerError: the engine has no image worker:1")
    assert "batchkit image build" in end.reason


@pytest.mark.parametrize(
    ("call", "name"), [("create", "CannotCreateContainerError"), ("start", "CannotStartContainerError")]
)
def test_a_refused_container_never_started(call: str, name: str) -> None:
    engine = FakeEngine(raising={call: Refused("exec: no such file")})
    end, news = run(engine)
    assert end == Exit(
        None, f"{name}: Error response from daemon: exec: no such file", "Task failed to start"
    )
    assert news == []
    assert engine.present == {}
    assert all(output.is_closed for output in engine.outputs)


@pytest.mark.parametrize("call", ["create", "attach", "start", "output", "wait"])
def test_an_engine_that_goes_away_is_a_host_that_went_away(call: str) -> None:
    engine = FakeEngine(raising={call: LOST})
    end, _ = run(engine)
    assert end == Exit(None, "the container engine was lost: connection refused", GONE)
    assert all(output.is_closed for output in engine.outputs)


def test_a_container_that_somebody_removed_is_a_host_that_went_away() -> None:
    end, _ = run(FakeEngine(raising={"wait": Refused("No such container")}))
    assert end.status_reason == GONE


def test_an_end_is_told_even_if_the_container_cannot_be_removed() -> None:
    assert run(FakeEngine(raising={"remove": Refused("busy")}))[0] == Exit(0)


def test_a_stop_that_comes_first_starts_nothing() -> None:
    engine = FakeEngine()
    stopped = container(engine)
    stopped.stop(30)
    assert stopped.run(Listener()) == Exit(None)
    assert engine.calls == []


def test_a_stop_while_the_engine_starts_it_is_not_forgotten() -> None:
    engine = FakeEngine(hold=True, end=End(75, False, ""))
    stopped = container(engine)
    engine.during_start = lambda: stopped.stop(30)
    assert stopped.run(Listener()) == Exit(75)
    assert engine.names().count("SIGTERM") == 1


def test_a_container_that_ignores_sigterm_is_killed() -> None:
    engine = FakeEngine(hold=True, deadly=("SIGKILL",), end=End(137, False, ""))
    stubborn = container(engine)
    engine.during_start = lambda: stubborn.stop(0)
    assert stubborn.run(Listener()) == Exit(137)
    assert [name for name in engine.names() if name.startswith("SIG")] == ["SIGTERM", "SIGKILL"]


def test_a_stop_after_the_end_signals_nothing_twice() -> None:
    engine = FakeEngine(hold=True, end=End(75, False, ""))
    stopped = container(engine)

    def twice() -> None:
        stopped.stop(30)
        stopped.stop(30)

    engine.during_start = twice
    stopped.run(Listener())
    assert engine.names().count("SIGTERM") == 1
