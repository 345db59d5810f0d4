"""Whatever happens in the process that makes a source: each item has an outcome, the next source its turn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.dangerous import recipe
from support.moto_world import World, bulk

from batchkit.errors import EX_OK, EX_TEMPFAIL, Rejected
from batchkit.job import Failure, Original, Output, Task
from batchkit.worker import cell
from batchkit.worker.cell import Limits
from batchkit.worker.isolation import Isolated, is_possible
from batchkit.worker.items import JobRaised

pytestmark = pytest.mark.skipif(not is_possible(), reason="needs Linux's memory files")

NAMES = ("a", "b", "c")
SIGNALS = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGKILL")
SHORT = Limits(cpu_seconds=1, wall_seconds=60)


@contextmanager
def isolated(limits: Limits = SHORT, lanes: int = 1) -> Iterator[Callable[[str], dict[str, str]]]:
    """Makes a body, and tells what became of each task: `done`, or the class of its error."""
    made = recipe(*NAMES)
    job = Isolated(made, lanes=lanes, limits=limits)

    def make(body: str) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            for result in job.make(Original("key", body.encode()), made.tasks):
                is_output = isinstance(result, Output)
                found[result.task] = "done" if is_output else result.rejected.error_class  # type: ignore[union-attr]
        except (Rejected, JobRaised) as error:
            kind = "rejected" if isinstance(error, Rejected) else "failed"
            found |= {name: f"{kind} {error.error_class}" for name in NAMES if name not in found}
        return found

    try:
        yield make
    finally:
        job.close()


ALL_DONE = dict.fromkeys(NAMES, "done")


def test_a_job_in_a_cell_makes_what_it_makes_without_one() -> None:
    with isolated() as make:
        assert make("nothing -") == ALL_DONE


@pytest.mark.parametrize("what", [*SIGNALS, "vanish"])
@pytest.mark.parametrize("at", NAMES)
def test_a_crash_at_any_step_costs_that_item_alone_and_the_next_source_is_made(what: str, at: str) -> None:
    with isolated() as make:
        assert make(f"{what} {at}") == {**ALL_DONE, at: "Crashed"}
        assert make("nothing -") == ALL_DONE


def test_a_crash_behind_the_last_output_loses_nothing() -> None:
    with isolated() as make:
        assert make("SIGSEGV end") == ALL_DONE
        assert make("nothing -") == ALL_DONE


@pytest.mark.parametrize("at", NAMES)
def test_a_crash_that_does_not_come_back_costs_nothing(at: str, tmp_path: Path) -> None:
    with isolated() as make:
        assert make(f"SIGSEGV {at} {tmp_path / 'crashed'}") == ALL_DONE


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ("reject", "rejected NotWanted"),
        ("raise", "failed ValueError"),
        ("exhaust", "failed MemoryError"),
        ("leave", "failed SystemExit"),
    ],
)
def test_what_a_job_raises_comes_through(what: str, outcome: str) -> None:
    with isolated() as make:
        assert make(f"{what} b") == {"a": "done", "b": outcome, "c": outcome}
        assert make("nothing -") == ALL_DONE


def test_a_source_that_never_ends_is_given_up_by_its_processor_time() -> None:
    with isolated() as make:
        assert make("spin b") == {"a": "done", "b": "rejected Timeout", "c": "rejected Timeout"}
        assert make("nothing -") == ALL_DONE


def test_a_source_that_sleeps_is_given_up_by_the_clock() -> None:
    with isolated(Limits(wall_seconds=1)) as make:
        assert make("sleep a") == dict.fromkeys(NAMES, "rejected Timeout")


def test_a_source_that_needs_too_much_memory_fails_as_such_and_may_be_retried_with_more() -> None:
    with isolated(Limits(memory_bytes=200 * 2**20)) as make:
        assert make("grow b") == {"a": "done", "b": "failed OutOfMemory", "c": "done"}


def test_the_kernel_s_kill_for_lack_of_memory_is_told_from_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As cgroup v2 tells it: the counter has grown since the source was begun."""
    counter = tmp_path / "memory.events"
    counter.write_text("oom 1\noom_kill 4\noom_group_kill 0\n")
    monkeypatch.setattr(cell, "OOM_COUNTERS", (tmp_path / "absent", counter))
    assert cell.oom_kills() == 4
    with isolated() as make:
        assert make("SIGKILL b")["b"] == "Crashed"
        monkeypatch.setattr(cell, "oom_kills", iter(range(100)).__next__)
        assert make("SIGKILL b") == {"a": "done", "b": "failed OutOfMemory", "c": "done"}


def test_results_that_nobody_wants_any_more_end_the_cell_and_not_the_next_source() -> None:
    made = recipe(*NAMES)
    job = Isolated(made, lanes=1, limits=SHORT)
    results = iter(job.make(Original("key", b"sleep b"), made.tasks))
    assert next(results).task == "a"
    results.close()  # type: ignore[attr-defined]
    assert len(list(job.make(Original("key", b"nothing -"), made.tasks))) == 3
    job.close()


def test_a_large_source_and_a_small_one_after_it_arrive_whole() -> None:
    with isolated() as make:
        assert make("nothing - " + "x" * 5_000_000) == ALL_DONE
        assert make("nothing -") == ALL_DONE


def test_no_process_is_left_behind() -> None:
    made = recipe("a")
    job = Isolated(made, lanes=2, limits=SHORT)
    (result,) = job.make(Original("key", b"nothing -"), made.tasks)
    assert isinstance(result, Output)
    pid = int(result.body.split()[-1])
    assert pid != os.getpid()
    job.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_with_two_lanes_records_every_item_whatever_breaks(world: World) -> None:
    dangerous = recipe("a", "b")
    bodies = [b"nothing -", b"SIGSEGV b", b"reject a", b"nothing -", b"vanish a", b"nothing -"]
    sources = [world.put(f"{number}.txt", body) for number, body in enumerate(bodies)]
    world.submit(dangerous, sources)
    job = Isolated(dangerous, lanes=2, limits=SHORT)
    ran = world.run(replace(dangerous, job=job), bulk(dangerous, 6, 12), lanes=2)
    job.close()
    assert ran.code == EX_OK
    assert [list(world.outcomes(source.key).values()) for source in sources] == [
        ["done", "done"],
        ["done", "rejected"],
        ["rejected", "rejected"],
        ["done", "done"],
        ["rejected", "done"],
        ["done", "done"],
    ]
    assert world.items("1.txt")["b"]["error_class"] == "Crashed"
    counts = world.report()["counts"]
    assert (counts["done"], counts["rejected"], counts["failed"]) == (8, 4, 0)


def test_a_stop_while_lanes_work_leaves_nothing_half_recorded(world: World) -> None:
    dangerous = recipe("a", "b")
    sources = [world.put(f"{number}.txt", b"nothing -") for number in range(6)]
    world.submit(dangerous, sources)
    job = Isolated(dangerous, lanes=2, limits=SHORT)

    class Stopping:
        version, plan = job.version, job.plan

        def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
            for result in job.make(original, tasks):
                yield result
                if original.key == "1.txt":
                    world.stop.request()

    ran = world.run(replace(dangerous, job=Stopping()), bulk(dangerous, 6, 12), lanes=2)
    job.close()
    assert ran.code == EX_TEMPFAIL
    outcomes = [world.outcomes(source.key) for source in sources]
    assert outcomes[5] == {}
    assert world.report()["counts"]["done"] == sum(len(found) for found in outcomes)
