"""Tests of batchkit.runs.intents: the same command, interrupted, finds its run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import jobs
from support.moto_world import World
from support.submitting import plan, run_ledger

from batchkit.errors import DataError, Interrupted
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.runs import intents
from batchkit.runs.intents import Claim, guard, has_ended, is_done, is_over, token

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunLedger

RECIPE = jobs.recipe(["a"])


def claim(ledger: RunLedger, token: str, started: int, owner: str, **options: Any) -> Claim:
    """A claim while the plans of all runs that were begun are stored."""
    return intents.claim(ledger, token, started, owner, **{"is_planned": lambda run: True, **options})


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


def test_a_run_whose_plan_nobody_stored_is_left_to_whoever_named_it(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    # Within the same second.
    second = claim(ledger, "t", 100, "you", is_planned=lambda run: False)
    assert (second.run != first.run, second.continued) == (True, False)
    with pytest.raises(Interrupted, match="another process"):
        guard(ledger, first)()
    guard(ledger, second)()


def test_of_three_that_begin_at_once_no_two_write_the_same_run(world: World) -> None:
    ledger = run_ledger(world)
    others = [claim(ledger, "t", 100, "first")]

    def is_planned(run: str) -> bool:
        if len(others) == 1:
            others.append(claim(ledger, "t", 100, "second", is_planned=lambda run: False))
        return False

    mine = claim(ledger, "t", 100, "third", is_planned=is_planned)
    assert len({mine.run, *(one.run for one in others)}) == 3
    guard(ledger, mine)()


def test_another_command_begins_another_run(world: World) -> None:
    ledger = run_ledger(world)
    assert claim(ledger, "t", 100, "me").run != claim(ledger, "u", 100, "you").run


def test_a_run_that_was_submitted_and_still_runs_is_continued(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    ledger.begin(plan(RECIPE, 1, run=first.run), "x")
    ledger.submitted(first.run)
    assert claim(ledger, "t", 200, "you").run == first.run


def test_a_run_that_has_ended_is_followed_by_a_new_one(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run)
    ledger.answered(first.intent)
    second = claim(ledger, "t", 200, "you")
    assert (second.run != first.run, second.continued) == (True, False)
    assert claim(ledger, "t", 300, "they").run == second.run


def test_a_run_whose_jobs_ended_before_all_were_submitted_is_continued(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run, submitted=False)
    assert claim(ledger, "t", 200, "you").run == first.run


def test_a_new_run_can_be_asked_for(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    assert claim(ledger, "t", 200, "you", again=True).run != first.run


def test_a_run_of_which_nothing_is_left_to_do_is_let_go(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    assert ledger.release(first.intent)
    assert not claim(ledger, "t", 200, "you").continued


def test_what_counts_as_ended_can_be_another_thing(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run)
    assert claim(ledger, "t", 200, "you", over=lambda intent, record: False).run == first.run


def test_a_run_is_over_when_its_record_says_so() -> None:
    assert not has_ended(None)
    assert not has_ended({"state": "RUNNING"})
    assert has_ended({"state": "PARTIAL"})
    assert not is_done(None)
    assert not is_done({"state": "PARTIAL"})
    assert not is_done({"state": "RUNNING", "submitted": 1})
    assert is_done({"state": "PARTIAL", "submitted": 1})
    assert not is_done({"state": "RUNNING", "cancelled": 1})
    assert is_done({"state": "FAILED", "cancelled": 1})


def test_a_run_whose_end_nobody_was_told_is_continued(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    end(world, first.run)
    again = claim(ledger, "t", 200, "you")
    assert (again.run, again.continued) == (first.run, True)
    ledger.answered(again.intent)
    assert not claim(ledger, "t", 300, "they").continued


def test_a_cancelled_run_is_over_whoever_was_told(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    assert is_over(first.intent, {"state": "FAILED", "cancelled": 1})


def test_a_cancelled_run_whose_children_are_stopping_is_neither_continued_nor_followed(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    planned = plan(RECIPE, 1, run=first.run)
    ledger.begin(planned, "x")
    ledger.submitted(first.run)
    ledger.cancelled(first.run, "a mistake")
    with pytest.raises(DataError, match="was cancelled and has not ended") as caught:
        claim(ledger, "t", 200, "you")
    assert f"batchkit status {first.run} --watch" in str(caught.value.fix)
    ledger.finish(RunEnd(first.run, "bulk", RunState.FAILED, Counts(failed=1), 1, planned.recipe, "job"))
    second = claim(ledger, "t", 300, "they")
    assert (second.run != first.run, second.continued) == (True, False)


def test_beside_a_cancelled_run_another_one_begins_when_it_is_asked_for(world: World) -> None:
    ledger = run_ledger(world)
    first = claim(ledger, "t", 100, "me")
    ledger.begin(plan(RECIPE, 1, run=first.run), "x")
    ledger.cancelled(first.run)
    assert claim(ledger, "t", 200, "you", again=True).run != first.run


def test_who_repeats_the_command_elsewhere_takes_the_run_over(world: World) -> None:
    ledger = run_ledger(world)
    mine = guard(ledger, claim(ledger, "t", 100, "me"))
    mine()
    yours = guard(ledger, claim(ledger, "t", 200, "you"))
    yours()
    with pytest.raises(Interrupted, match="another process"):
        mine()
