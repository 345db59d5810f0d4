"""What is removed, and what is not."""

from __future__ import annotations

from typing import Any

from support.docker_engine import FakeEngine

from batchkit.local.docker import cleanup, ownership
from batchkit.local.docker.engine import Refused
from batchkit.local.docker.ownership import Owner

DEAD = Owner("dead", ownership.machine(), 2**22 + 1, "never")
ELSEWHERE = Owner("elsewhere", "another machine", 2**22 + 1, "never")


def engine_with(**labels: dict[str, str]) -> Any:
    engine = FakeEngine()
    engine.present = dict(labels)
    return engine


def test_a_sweep_removes_one_stack_only() -> None:
    engine = engine_with(a=DEAD.labels, b=DEAD.labels, c=ELSEWHERE.labels)
    engine.stored = {"scratch": DEAD.labels, "theirs": ELSEWHERE.labels}
    assert cleanup.sweep(engine, "dead") == 2
    assert list(engine.present) == ["c"]
    assert list(engine.stored) == ["theirs"]


def test_reaping_spares_the_living_and_other_machines_and_strangers() -> None:
    living = ownership.this_process("living")
    engine = engine_with(
        orphan=DEAD.labels,
        mine=living.labels,
        theirs=ELSEWHERE.labels,
        odd={"batchkit.stack": "odd"},
        other={},
    )
    assert cleanup.reap(engine) == ["dead"]
    assert list(engine.present) == ["mine", "theirs", "odd", "other"]


def test_a_volume_that_outlived_its_container_is_reaped_too() -> None:
    engine = engine_with()
    engine.stored = {
        "orphan": DEAD.labels,
        "mine": ownership.this_process("living").labels,
        "theirs": ELSEWHERE.labels,
        "other": {},
    }
    assert cleanup.reap(engine) == ["dead"]
    assert list(engine.stored) == ["mine", "theirs", "other"]


def test_one_that_cannot_be_removed_does_not_save_the_others() -> None:
    engine = engine_with(a=DEAD.labels, b=DEAD.labels)
    remove = engine.remove

    def refuse_a(name: str) -> None:
        if name == "a":
            raise Refused("device or resource busy")
        remove(name)

    engine.remove = refuse_a
    cleanup.sweep(engine, "dead")
    assert list(engine.present) == ["a"]
