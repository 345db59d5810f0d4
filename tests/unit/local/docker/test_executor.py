"""The docker executor over an engine that follows a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.docker_engine import LOST, FakeEngine, Listener, task

from batchkit.local.batch.executor import Exit
from batchkit.local.docker import ownership
from batchkit.local.docker.executor import DockerExecutor
from batchkit.local.docker.ownership import Owner
from batchkit.local.trace import Trace


@contextmanager
def executor(engine: Any, **options: Any) -> Iterator[tuple[DockerExecutor, Listener]]:
    listener = Listener()
    made = DockerExecutor(engine=engine, environment={"BASE": "1"}, **options)
    made.attach(listener)
    try:
        yield made, listener
    finally:
        made.close()


def test_a_task_runs_as_a_labelled_container_of_the_local_image() -> None:
    engine = FakeEngine(pieces=(b"hello\n",))
    with executor(engine, image=lambda named: f"{named}:local") as (made, listener):
        made.start(task(1, "upload"))
        assert listener.wait_for("finished", "task1") == Exit(0)
        assert [what for what, _ in listener.of("task1")] == ["running", "output", "finished"]
        (options,) = engine.options
        assert options["image"] == "worker:local"
        assert options["environment"]["BASE"] == "1"
        owner = ownership.read(options["labels"])
        assert owner == ownership.this_process(made.stack)


def test_no_more_run_at_once_than_the_width_allows() -> None:
    engine = FakeEngine(hold=True)
    with executor(engine, width=2) as (made, listener):
        for number in range(5):
            made.start(task(number))
        listener.wait_for("running", "task0")
        listener.wait_for("running", "task1")
        assert engine.names().count("create") == 2
        engine.released.set()
        for number in range(5):
            assert listener.wait_for("finished", f"task{number}") == Exit(0)


def test_a_task_that_waits_can_be_stopped_without_ever_running() -> None:
    engine = FakeEngine(hold=True)
    with executor(engine, width=1) as (made, listener):
        made.start(task(1))
        listener.wait_for("running", "task1")
        made.start(task(2))
        made.stop("task2", 30)
        engine.released.set()
        assert listener.wait_for("finished", "task2") == Exit(None)
        assert ("running", None) not in listener.of("task2")


def test_stopping_an_unknown_task_does_nothing() -> None:
    engine = FakeEngine()
    with executor(engine) as (made, _):
        made.stop("nobody", 1)
    assert not [name for name in engine.names() if name.startswith("SIG")]


def test_a_task_that_would_reach_into_the_host_never_starts() -> None:
    engine = FakeEngine()
    with executor(engine) as (made, listener):
        made.start(task(1, privileged=True))
        end = listener.wait_for("finished", "task1")
        assert end == Exit(
            None, "CannotCreateContainerError: privileged containers are not run here", "Task failed to start"
        )
    assert "create" not in engine.names()


def test_closing_kills_what_runs_and_tells_nothing_any_more() -> None:
    engine = FakeEngine(hold=True, deadly=())
    with executor(engine) as (made, listener):
        for number in range(3):
            made.start(task(number))
            listener.wait_for("running", f"task{number}")
    assert engine.present == {}
    assert engine.is_closed
    assert "finished" not in [what for what, _, _ in listener.news]


def test_closing_twice_does_nothing() -> None:
    engine = FakeEngine()
    with executor(engine) as (made, _):
        made.close()
        before = len(engine.calls)
        made.close()
        assert len(engine.calls) == before


def test_closing_survives_an_engine_that_is_gone() -> None:
    engine = FakeEngine()
    with executor(engine) as (made, listener):
        made.start(task(1))
        listener.wait_for("finished", "task1")
        engine.raising["containers"] = LOST
    assert engine.is_closed


def test_what_a_dead_stack_left_is_removed_and_told_before_the_first_task() -> None:
    engine, told = FakeEngine(), list[Trace]()
    engine.present["old"] = Owner("dead", ownership.machine(), 2**22 + 1, "never").labels
    with executor(engine, observe=told.append):
        assert engine.present == {}
        assert "1 stack" in told[0].text


@pytest.mark.parametrize("call", ["containers"])
def test_an_engine_that_is_gone_at_the_start_does_not_stop_the_stack(call: str) -> None:
    engine = FakeEngine(raising={call: LOST})
    with executor(engine) as (made, listener):
        made.start(task(1))
        assert listener.wait_for("finished", "task1") == Exit(0)


def test_a_bug_in_one_task_is_that_tasks_end_and_no_others() -> None:
    engine = FakeEngine(raising={"create": ZeroDivisionError("division by zero")})
    with executor(engine, width=1) as (made, listener):
        made.start(task(1))
        end = listener.wait_for("finished", "task1")
        assert end == Exit(None, "the docker executor failed: division by zero", "Task failed to start")
        del engine.raising["create"]
        made.start(task(2))
        assert listener.wait_for("finished", "task2") == Exit(0)
