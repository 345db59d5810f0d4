"""Spot reclaims: the same ones for the same seed, whatever runs the tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.batch_stack import ScriptedExecutor, Stack
from support.docker_engine import Listener, task

from batchkit.local.batch.executor import Exit
from batchkit.local.faults import Faults
from batchkit.local.spot import Cancel, Fate, SpotReclaims, fate, told
from batchkit.local.trace import Trace

SEED = st.integers(0, 1 << 32)
ALL = Faults(spot=1.0, seed=7)
NONE = Faults(spot=0.0)
ATTEMPTS = {"attempts": 5, "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "RETRY"}]}


@dataclass
class Later:
    """Time that passes when the test says so."""

    calls: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    cancelled: int = 0

    def __call__(self, seconds: float, call: Callable[[], None]) -> Cancel:
        self.calls.append((seconds, call))
        return self._cancel

    def pass_by(self) -> None:
        calls, self.calls = self.calls, []
        for _, call in calls:
            call()

    def _cancel(self) -> None:
        self.cancelled += 1


def reclaims(faults: Faults) -> tuple[SpotReclaims, ScriptedExecutor, Later, Listener]:
    """Tasks that run until the test ends them."""
    inner, later, listener = ScriptedExecutor(lambda task: None), Later(), Listener()
    made = SpotReclaims(inner, faults, grace=9.0, after=later)
    made.attach(listener)
    return made, inner, later, listener


@given(SEED, st.integers(0, 100), st.integers(0, 9_999), st.integers(1, 10))
def test_a_fate_is_a_function_of_the_seed_and_the_attempts_place(
    seed: int, job: int, index: int, no: int
) -> None:
    faults = Faults(spot=0.5, seed=seed)
    assert fate(faults, job, index, no) == fate(faults, job, index, no)


@given(SEED, st.integers(0, 9_999), st.floats(0.1, 100))
def test_a_delay_lies_within_its_bounds_and_an_instance_looks_like_one(
    seed: int, index: int, within: float
) -> None:
    decided = fate(Faults(spot=1.0, seed=seed), 0, index, 1, within=within)
    assert decided.delay is not None
    assert 0 <= decided.delay <= within
    name, _, digits = decided.instance.partition("-")
    assert (name, len(digits)) == ("i", 17)
    int(digits, 16)


@pytest.mark.parametrize(("spot", "least", "most"), [(0.0, 0, 0), (0.2, 340, 460), (1.0, 2000, 2000)])
def test_the_share_of_reclaims_is_what_was_asked_for(spot: float, least: int, most: int) -> None:
    fates = [fate(Faults(spot=spot, seed=7), 0, index, 1) for index in range(2000)]
    assert least <= sum(each.delay is not None for each in fates) <= most


def test_another_seed_chooses_others() -> None:
    def chosen(seed: int) -> list[bool]:
        return [fate(Faults(spot=0.2, seed=seed), 0, index, 1).delay is not None for index in range(100)]

    assert chosen(1) != chosen(2)


LOSES = Fate(1.0, "i-1", code_is_seen=True)
UNSEEN = Fate(1.0, "i-1", code_is_seen=False)
KEEPS = Fate(None, "i-1", code_is_seen=True)
GONE = "Host EC2 (instance i-1) terminated."
INTERRUPTED = "Your Spot Task was interrupted."
UNSTARTED = Exit(None, "no image", "Task failed to start")


@pytest.mark.parametrize(
    ("fate", "is_reclaimed", "end", "heard"),
    [
        (LOSES, True, Exit(75), Exit(75, None, GONE)),
        (LOSES, True, Exit(137), Exit(137, None, GONE)),
        (UNSEEN, True, Exit(137), Exit(None, None, GONE)),
        (LOSES, True, Exit(0), Exit(0, None, GONE)),
        (LOSES, False, Exit(0), Exit(None, None, GONE)),
        (KEEPS, False, Exit(1), Exit(1)),
        (LOSES, True, UNSTARTED, UNSTARTED),
    ],
)
def test_batch_hears_of_the_host_as_on_aws(fate: Fate, is_reclaimed: bool, end: Exit, heard: Exit) -> None:
    assert told(fate, end, is_reclaimed=is_reclaimed, on_fargate=False) == heard


@pytest.mark.parametrize(
    ("fate", "is_reclaimed", "end", "heard"),
    [
        (LOSES, True, Exit(75), Exit(75, None, INTERRUPTED)),
        (UNSEEN, True, Exit(137), Exit(137, None, INTERRUPTED)),
        (UNSEEN, True, Exit(0), Exit(0, None, INTERRUPTED)),
        (LOSES, False, Exit(0), Exit(0, None, INTERRUPTED)),
        (KEEPS, True, Exit(1, "why"), Exit(1, "why", INTERRUPTED)),
        (KEEPS, False, Exit(1), Exit(1)),
        (LOSES, True, UNSTARTED, UNSTARTED),
    ],
)
def test_on_fargate_batch_hears_of_an_interruption_and_of_every_exit_code(
    fate: Fate, is_reclaimed: bool, end: Exit, heard: Exit
) -> None:
    assert told(fate, end, is_reclaimed=is_reclaimed, on_fargate=True) == heard


@pytest.mark.parametrize("member", ["networkConfiguration", "fargatePlatformConfiguration"])
def test_the_definition_tells_a_task_on_fargate(member: str) -> None:
    made, inner, later, listener = reclaims(ALL)
    container: dict[str, Any] = {member: {"any": "value"}}
    made.start(task(1, **container))
    later.pass_by()
    inner.end(inner.started[0], Exit(75))
    assert listener.wait_for("finished", "task1") == Exit(75, None, INTERRUPTED)


def test_whoever_watches_is_told_of_the_hosts_that_were_taken_and_of_no_others() -> None:
    traces: list[Trace] = []
    inner, later = ScriptedExecutor(lambda task: None), Later()
    made = SpotReclaims(inner, Faults(), after=later, observe=traces.append)
    made.attach(Listener())
    made.start(task(1))
    made.start(task(2))
    taken, spared = inner.started
    assert made.reclaim(taken.job_id)
    inner.end(taken, Exit(75))
    inner.end(spared, Exit(0))
    assert [(trace.kind, trace.data) for trace in traces] == [
        ("log", {"job": taken.job_id, "fate": "reclaimed"})
    ]


def test_a_task_loses_its_host_after_its_delay() -> None:
    made, inner, later, listener = reclaims(ALL)
    made.start(task(1))
    assert inner.stopped == []
    later.pass_by()
    assert inner.stopped == [("task1", 9.0)]
    inner.end(inner.started[0], Exit(75))
    end = listener.wait_for("finished", "task1")
    assert isinstance(end, Exit)
    assert end.status_reason is not None
    assert end.status_reason.startswith("Host EC2 (instance i-")


def test_a_task_that_ends_first_is_not_stopped_any_more() -> None:
    made, inner, later, listener = reclaims(ALL)
    made.start(task(1))
    inner.end(inner.started[0], Exit(0))
    assert later.cancelled == 1
    later.pass_by()
    assert inner.stopped == []
    # Nobody saw how it ended: it will be tried again, though its work is done.
    end = listener.wait_for("finished", "task1")
    assert isinstance(end, Exit)
    assert end.code is None


def test_without_faults_everything_passes_through() -> None:
    made, inner, later, listener = reclaims(NONE)
    made.start(task(1))
    inner.watcher.output("task1", b"hello")
    made.stop("task1", 3.0)
    inner.end(inner.started[0], Exit(3, "why"))
    assert later.calls == []
    assert inner.stopped == [("task1", 3.0)]
    assert listener.of("task1") == [("running", None), ("output", b"hello"), ("finished", Exit(3, "why"))]


def test_a_job_can_be_reclaimed_by_its_id_once() -> None:
    made, inner, _, _ = reclaims(NONE)
    made.start(task(1))
    assert made.reclaim("job1")
    assert made.reclaim("job1")
    assert inner.stopped == [("task1", 9.0)]
    inner.end(inner.started[0], Exit(75))
    assert not made.reclaim("job1")
    assert not made.reclaim("nobody")


def test_closing_calls_off_what_was_to_come() -> None:
    made, inner, later, _ = reclaims(ALL)
    made.start(task(1))
    made.close()
    assert inner.closed
    assert later.cancelled == 1
    later.pass_by()
    assert inner.stopped == []


def test_a_reclaimed_child_is_retried_and_ends_well() -> None:
    inner = ScriptedExecutor()
    with Stack(SpotReclaims(inner, Faults(spot=0.2, seed=7), after=Later())) as stack:
        job = stack.submit(200, retryStrategy=ATTEMPTS)
        assert stack.end_of(job)[0] == "SUCCEEDED"
        expected = [fate(Faults(spot=0.2, seed=7), 0, index, 1).delay is not None for index in range(200)]
        attempts = [stack.describe(f"{job}:{index}")["attempts"] for index in range(200)]
    assert [len(each) > 1 for each in attempts] == expected
    first = attempts[expected.index(True)][0]
    assert first["statusReason"].startswith("Host EC2 (instance i-")
    assert "exitCode" not in first["container"]


def test_an_interrupted_task_on_fargate_that_exits_0_has_succeeded() -> None:
    inner = ScriptedExecutor()
    with Stack(SpotReclaims(inner, ALL, after=Later())) as stack:
        stack.control.define("fargate", container={"networkConfiguration": {"assignPublicIp": "ENABLED"}})
        job = stack.submit(jobDefinition="fargate", retryStrategy=ATTEMPTS)
        assert stack.end_of(job)[0] == "SUCCEEDED"
        (attempt,) = stack.describe(job)["attempts"]
    assert attempt["statusReason"] == INTERRUPTED
    assert attempt["container"]["exitCode"] == 0
