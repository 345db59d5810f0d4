"""Tests of batchkit.runs.cancel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from support.operating import Past
from support.submitting import Clock, sources

from batchkit.completion.finishing import Finisher
from batchkit.errors import DataError, Interrupted
from batchkit.planning import names
from batchkit.planning.diagnoses import CANCELLED
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.runs import intents
from batchkit.runs.cancel import FORGOTTEN_AFTER, Cancellation, Canceller

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from support.moto_world import World


@dataclass
class Batch:
    """Remembers what was terminated; `hidden` are jobs that only a look by name finds; all are running.

    `forgotten` are those that Batch does not know any more.
    """

    hidden: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    terminated: Counter[tuple[str, str]] = field(default_factory=Counter)

    def find(self, queue: str, name: str) -> str | None:
        return self.hidden.get(name)

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        times = {"createdAt": 1_000_000, "stoppedAt": 9_000_000}
        known = (job for job in ids if job not in self.forgotten)
        return ({"jobId": job, "status": self.statuses.get(job, "RUNNING"), **times} for job in known)

    def terminate(self, job: str, reason: str) -> None:
        self.terminated[job, reason] += 1


def canceller(past: Past, batch: Batch, later: int = 0) -> Canceller:
    finisher = Finisher("photos", past.world.artifacts, past.ledger, past.world.objects, past.bus)
    return Canceller(
        ledger=past.ledger,
        queue=batch,
        queue_name="photos-bulk",
        finish=finisher.finish,
        clock=lambda: Clock()() + later,
    )


def stop(past: Past, batch: Batch) -> Cancellation:
    return canceller(past, batch).cancel(past.run, past.plan, "oops")


def test_an_array_takes_one_call_and_the_ledger_says_so(world: World) -> None:
    past, batch = Past(world, sources(12_000)), Batch()
    for number in range(2):
        past.ledger.add_job(past.run, number, f"job-{number}")
    done = stop(past, batch)
    assert (done.jobs, done.state) == (("job-0", "job-1"), RunState.RUNNING)
    assert batch.terminated == Counter({(f"job-{n}", f"{CANCELLED}: oops"): 1 for n in range(2)})
    record = past.ledger.run(past.run)
    assert record is not None
    assert record["cancelled"]
    assert record["awaited"] == 12_000


def test_a_job_whose_id_was_never_noted_is_found_by_its_name(world: World) -> None:
    past = Past(world, sources(3))
    past.ledger.take_turn(past.run, 0, "a turn", None)
    assert stop(past, Batch(hidden={names.job_name(past.run, 0): "lost"})).jobs == ("lost",)


def test_a_run_without_a_job_ends_at_once_with_a_report_and_is_announced(world: World) -> None:
    past = Past(world, sources(3))
    assert stop(past, Batch()).state is RunState.FAILED
    record = past.ledger.run(past.run)
    assert record is not None
    assert (record["state"], record["counts"]["failed"], record["source"]) == (
        "FAILED",
        6,
        "s3://uploads/in/",
    )
    assert [detail["run"] for detail in past.bus.details] == [past.run]
    assert world.objects.head(world.artifacts, names.report_key(past.run, "jsonl"))


def test_a_run_whose_submitted_jobs_have_ended_ends_with_what_they_did(world: World) -> None:
    past = Past(world, sources(12_000))
    past.ledger.add_job(past.run, 0, "job-0")
    past.reported(0, done=2)
    past.array_ended(0)
    assert stop(past, Batch()).state is RunState.PARTIAL


def test_a_run_of_which_too_much_was_not_done_has_failed(world: World) -> None:
    past = Past(world, sources(12_000), changes={"max_bad": 0.5})
    past.ledger.add_job(past.run, 0, "job-0")
    past.reported(0, done=2)
    past.array_ended(0)
    assert stop(past, Batch()).state is RunState.FAILED


def test_a_run_that_has_ended_is_left_alone(world: World) -> None:
    past, batch = Past(world, sources(3)), Batch(statuses={"job-0": "FAILED"})
    past.ledger.add_job(past.run, 0, "job-0")
    past.ended()
    assert stop(past, batch).jobs == ()
    assert not batch.terminated
    assert "cancelled" not in (past.ledger.run(past.run) or {})


def test_a_job_that_outlives_its_run_can_still_be_told_to_end(world: World) -> None:
    past, batch = Past(world, sources(12_000)), Batch(statuses={"job-0": "SUCCEEDED"})
    for number in range(2):
        past.ledger.add_job(past.run, number, f"job-{number}")
    past.ended()
    assert stop(past, batch).jobs == ("job-1",)


def test_a_second_cancel_awaits_the_jobs_that_the_first_one_could_not_see(world: World) -> None:
    past, batch = Past(world, sources(12_000)), Batch()
    past.ledger.add_job(past.run, 0, "job-0")
    past.ledger.take_turn(past.run, 1, "a turn", None)
    assert stop(past, batch).pending == (1,)
    past.ledger.add_job(past.run, 1, "job-1")
    assert stop(past, batch).jobs == ("job-0", "job-1")
    assert (past.ledger.run(past.run) or {})["awaited"] == 12_000


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_a_run_whose_jobs_ended_without_a_word_ends_with_what_batch_says_of_them(
    world: World, status: str
) -> None:
    past, batch = Past(world, sources(12_000)), Batch(statuses={"job-0": status})
    for number in range(2):
        past.ledger.add_job(past.run, number, f"job-{number}")
    past.array_ended(1)
    past.reported(0, done=2)
    assert stop(past, batch).state is RunState.PARTIAL
    first, second = past.ledger.arrays(past.run)
    assert (first.job, first.size, first.started, first.stopped) == ("job-0", 6_000, 1_000, 9_000)
    assert second.stopped == 2
    assert [detail["run"] for detail in past.bus.details] == [past.run]


def test_a_job_that_batch_has_forgotten_has_ended_unless_it_is_new(world: World) -> None:
    past, batch = Past(world, sources(3)), Batch(forgotten=frozenset({"job-0"}))
    past.ledger.add_job(past.run, 0, "job-0")
    assert stop(past, batch).state is RunState.RUNNING
    late = canceller(past, batch, later=FORGOTTEN_AFTER)
    done = late.cancel(past.run, past.plan)
    assert (done.state, done.jobs) == (RunState.FAILED, ())


def test_an_end_that_was_recorded_and_never_said_is_said_by_the_next_cancel(world: World) -> None:
    past = Past(world, sources(3))
    past.ended(RunState.FAILED)
    past.ledger._update(names.run_record(past.run), {"finished": 1}, "attribute_exists(pk)")
    for _ in range(2):
        assert stop(past, Batch()).state is RunState.FAILED
    assert [detail["run"] for detail in past.bus.details] == [past.run]


def test_nobody_goes_on_submitting_a_cancelled_run(world: World) -> None:
    past = Past(world, sources(3))
    claim = intents.Claim(past.ledger.claim_intent("token", past.run, "me"), continued=False)
    guard = intents.guard(past.ledger, claim)
    guard()
    stop(past, Batch())
    with pytest.raises(Interrupted, match="was cancelled"):
        guard()


def test_only_runs_of_submit_can_be_cancelled(world: World) -> None:
    past = Past(world, sources(1))
    with pytest.raises(DataError, match="not one of"):
        canceller(past, Batch()).cancel(past.run, None)
    with pytest.raises(DataError, match="knows no run"):
        canceller(past, Batch()).cancel("u-none", None)
    end = RunEnd("u-1", "upload", RunState.PARTIAL, Counts(), 1, "d" * 64, "job")
    past.ledger.finish(end)
    assert canceller(past, Batch()).cancel("u-1", None).jobs == ()
