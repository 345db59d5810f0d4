"""Tests of batchkit.runs.intents: the same command, interrupted, finds its run again."""

from __future__ import annotations

import pytest
from support import jobs
from support.moto_world import World
from support.submitting import plan, run_ledger

from batchkit.errors import Interrupted
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.runs.intents import claim, guard, has_ended, is_done, is_over, token

RECIPE = jobs.recipe(["a"])


def end(world: World, run: str, *, submitted: bool = True) -> None:
    ledger, planned = run_ledger(world), plan(RECIPE, 1, run=run)
    ledger.begin(planned, "x")
    if submitted:
        ledger.submitted(run)
    ledger.finish(RunEnd(run, "bulk", RunState.SUCCEEDED, Counts(done=1), 1, planned.recipe, "job"))


def test_a_token_stands_for_the_meaning_not_for_the_order() -> None:
    assert token({"a": 1, "b": [0.5]}) == token({"b": [0.5], "a": 1})
    assert token({"a": 1}) != token({"a": 2})


def test_a_command_begins_a_run_and_repeated_continues_it(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    second = claim(ledger, "t", 200, "me too")
    assert (first.continued, second.continued) == (False, True)
    assert first.run == second.run


def test_another_command_begins_another_run(world: World) -> None:
    ledger = run_ledger(world)
    assert claim(ledger, "t", 100, "me").run != claim(ledger, "u", 100, "me").run


def test_a_run_that_was_submitted_and_still_runs_is_continued(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    ledger.begin(plan(RECIPE, 1, run=first.run), "x")
    ledger.submitted(first.run)
    assert claim(ledger, "t", 200, "me").run == first.run


def test_a_run_that_has_ended_is_followed_by_a_new_one(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run)
    ledger.answered(first.intent)
    second = claim(ledger, "t", 200, "me")
    assert (second.run != first.run, second.continued) == (True, False)
    assert claim(ledger, "t", 300, "me").run == second.run


def test_a_run_whose_jobs_ended_before_all_were_submitted_is_continued(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run, submitted=False)
    assert claim(ledger, "t", 200, "me").run == first.run


def test_a_new_run_can_be_asked_for(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    assert claim(ledger, "t", 200, "me", again=True).run != first.run


def test_a_run_of_which_nothing_is_left_to_do_is_let_go(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    assert ledger.release(first.intent)
    assert not claim(ledger, "t", 200, "me").continued


def test_what_counts_as_ended_can_be_another_thing(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run)
    assert claim(ledger, "t", 200, "me", over=lambda intent, record: False).run == first.run


def test_a_run_is_over_when_its_record_says_so() -> None:
    assert not has_ended(None)
    assert not has_ended({"state": "RUNNING"})
    assert has_ended({"state": "PARTIAL"})
    assert not is_done(None)
    assert not is_done({"state": "PARTIAL"})
    assert not is_done({"state": "RUNNING", "submitted": 1})
    assert is_done({"state": "PARTIAL", "submitted": 1})
    assert is_done({"state": "RUNNING", "cancelled": 1})


def test_a_run_whose_end_nobody_was_told_is_continued(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run)
    again = claim(ledger, "t", 200, "me")
    assert (again.run, again.continued) == (first.run, True)
    ledger.answered(again.intent)
    assert not claim(ledger, "t", 300, "me").continued


def test_a_cancelled_run_is_over_whoever_was_told(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    assert is_over(first.intent, {"state": "RUNNING", "cancelled": 1})


def test_who_repeats_the_command_elsewhere_takes_the_run_over(world: World) -> None:
    ledger = run_ledger(world)
    mine = guard(ledger, claim(ledger, "t", 100, "me"))
    mine()
    yours = guard(ledger, claim(ledger, "t", 200, "you"))
    yours()
    with pytest.raises(Interrupted, match="another process"):
        mine()
