"""Tests of batchkit.aws.run_ledger, against the table that the storage template defines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from support import jobs
from support.moto_world import TIME
from support.submitting import plan, run_ledger

from batchkit.aws.run_ledger import Intent
from batchkit.planning.cost import Cost, Line
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState

if TYPE_CHECKING:
    from support.moto_world import World

RECIPE = jobs.recipe(["a", "b"])
COST = Cost((Line("compute", "vCPU", 2.0, "vCPU-hour", 0.1234567, "a table", "2026-11"),))


def test_a_run_that_begins_says_what_is_expected_of_it(world: World) -> None:
    ledger, planned = run_ledger(world), plan(RECIPE, 5, per_child=4, items=9, cost=COST)
    assert ledger.begin(planned, "s3://uploads/in/")
    record = ledger.run(planned.run)
    assert record is not None
    expected = {"state": "RUNNING", "lane": "bulk", "items": 9, "sources": 5, "children": 3, "arrays": 1}
    assert {name: record[name] for name in expected} == expected
    assert record["source"] == "s3://uploads/in/"
    assert record["cost"] == 0.246913


def test_a_run_begins_once_and_its_end_is_not_undone(world: World) -> None:
    ledger, planned = run_ledger(world), plan(RECIPE, 5)
    assert ledger.begin(planned, "x")
    assert not ledger.begin(planned, "y")
    end = RunEnd(planned.run, "bulk", RunState.FAILED, Counts(failed=10), 5, planned.recipe, "job")
    assert ledger.finish(end)
    assert not ledger.begin(planned, "z")
    record = ledger.run(planned.run)
    assert record is not None
    assert (record["state"], record["items"]) == ("FAILED", 10)


def test_the_latest_runs_come_first(world: World) -> None:
    ledger = run_ledger(world)
    begun = [plan(RECIPE, 1, started=started) for started in (30, 10, 20)]
    for each in begun:
        ledger.begin(each, "x")
    newest = [each.run for each in reversed(begun)]
    assert [record["run"] for record in ledger.runs("bulk", 10)] == newest
    assert [record["run"] for record in ledger.runs("bulk", 2)] == newest[:2]
    assert list(ledger.runs("upload", 10)) == []


def test_a_turn_is_taken_once_and_a_jobs_first_id_stays(world: World) -> None:
    ledger = run_ledger(world)
    assert ledger.job("run", 1) is None
    assert ledger.take_turn("run", 1, "mine", None)
    assert not ledger.take_turn("run", 1, "yours", None)
    mine = ledger.job("run", 1)
    assert mine is not None
    assert (mine.job, mine.turn, mine.busy, mine.tried >= TIME) == ("", "mine", True, True)
    assert ledger.jobs("run") == (mine,)
    assert ledger.add_job("run", 1, "first")
    assert not ledger.add_job("run", 1, "second")
    assert not ledger.take_turn("run", 1, "yours", mine)
    assert ledger.add_job("run", 0, "unclaimed")
    assert [(job.number, job.job) for job in ledger.jobs("run")] == [(0, "unclaimed"), (1, "first")]


def test_a_turn_follows_the_one_that_was_seen(world: World) -> None:
    ledger = run_ledger(world)
    ledger.take_turn("run", 0, "first", None)
    first = ledger.job("run", 0)
    assert not ledger.end_turn("run", 0, "another", None)
    assert ledger.end_turn("run", 0, "first", None)
    assert first is not None
    assert ledger.job("run", 0) == replace(first, busy=False, doubtful=False)
    assert ledger.take_turn("run", 0, "second", first)
    assert not ledger.take_turn("run", 0, "third", first)
    assert not ledger.end_turn("run", 0, "first", None)


def test_what_an_attempt_may_have_made_stays_in_doubt_when_a_later_one_is_refused(world: World) -> None:
    ledger = run_ledger(world)
    ledger.take_turn("run", 0, "lost", None)
    lost = ledger.job("run", 0)
    ledger.take_turn("run", 0, "refused", lost)
    ledger.end_turn("run", 0, "refused", lost)
    refused = ledger.job("run", 0)
    assert refused is not None
    assert (refused.busy, refused.doubtful) == (False, True)


def test_a_turn_whose_answer_got_lost_is_still_taken(world: World) -> None:
    ledger = run_ledger(world)
    ledger.take_turn("run", 0, "mine", None)
    assert ledger.take_turn("run", 0, "mine", None)


def test_jobs_and_ended_arrays_of_a_run_do_not_mix(world: World) -> None:
    ledger, planned = run_ledger(world), plan(RECIPE, 2)
    ledger.begin(planned, "x")
    ledger.add_job(planned.run, 0, "job")
    assert ledger.arrays(planned.run) == ()
    assert len(ledger.jobs(planned.run)) == 1


def test_a_run_is_noted_as_submitted_once(world: World) -> None:
    ledger, planned = run_ledger(world), plan(RECIPE, 2)
    ledger.begin(planned, "x")
    assert ledger.submitted(planned.run)
    assert not ledger.submitted(planned.run)


def test_the_same_command_finds_the_run_it_had_begun(world: World) -> None:
    ledger = run_ledger(world)
    assert ledger.intent("token") is None
    assert ledger.claim_intent("token", "run-1", "me") == Intent("token", "run-1", "me")
    assert ledger.claim_intent("token", "run-2", "you") == Intent("token", "run-1", "you")
    assert ledger.claim_intent("other", "run-2", "you") == Intent("other", "run-2", "you")


def test_a_run_that_is_over_gives_way_to_the_next(world: World) -> None:
    ledger = run_ledger(world)
    ledger.claim_intent("token", "run-1", "me")
    assert ledger.claim_intent("token", "run-2", "me", over="run-0").run == "run-1"
    assert ledger.claim_intent("token", "run-2", "me", over="run-1").run == "run-2"


def test_who_is_taken_over_holds_the_run_no_more(world: World) -> None:
    ledger = run_ledger(world)
    mine = ledger.claim_intent("token", "run", "me")
    assert ledger.holds(mine)
    yours = ledger.claim_intent("token", "run-2", "you")
    assert ledger.holds(yours)
    assert not ledger.holds(mine)
