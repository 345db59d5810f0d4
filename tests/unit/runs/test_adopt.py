"""Tests of batchkit.runs.adopt: one job of a name, whatever gets lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.submitting import FakeBatch

from batchkit.aws.queue import BatchJob
from batchkit.errors import Throttled, Unanswered
from batchkit.runs.adopt import LOOKS, WAITS, submit_once

JOB = BatchJob("b-1-0", "bulk", "bulk", 3)
ID = FakeBatch.id_of(JOB.name)


def test_a_job_that_nobody_submitted_takes_one_call_and_no_look() -> None:
    batch, waits = FakeBatch(), list[float]()
    assert submit_once(batch, JOB, waits.append, perhaps_there=False) == ID
    assert (batch.calls, waits) == ({"submit": 1}, [])


def test_a_job_whose_answer_got_lost_is_adopted() -> None:
    batch = FakeBatch(["lost"])
    assert submit_once(batch, JOB, [].append, perhaps_there=False) == ID
    assert (batch.taken, batch.calls["submit"]) == ([JOB], 1)


def test_a_job_is_adopted_even_if_it_shows_late() -> None:
    batch = FakeBatch(["lost"], hidden=len(LOOKS) - 1)
    submit_once(batch, JOB, [].append, perhaps_there=False)
    assert batch.taken == [JOB]


def test_a_job_whose_request_got_lost_is_submitted_again() -> None:
    batch = FakeBatch(["broken"])
    assert submit_once(batch, JOB, [].append, perhaps_there=False) == ID
    assert (batch.taken, batch.calls["find"]) == ([JOB], len(LOOKS))


def test_a_job_of_an_interrupted_submission_is_looked_for_first() -> None:
    batch = FakeBatch(taken=[JOB])
    assert submit_once(batch, JOB, [].append, perhaps_there=True) == ID
    assert batch.calls == {"find": 1}


def test_throttling_is_waited_out_without_looking() -> None:
    batch, waits = FakeBatch(["throttled"] * 3), list[float]()
    submit_once(batch, JOB, waits.append, perhaps_there=False)
    assert (batch.calls, waits) == ({"submit": 4}, list(WAITS[:3]))


def test_throttling_without_end_is_an_error() -> None:
    batch = FakeBatch(["throttled"] * 99)
    with pytest.raises(Throttled):
        submit_once(batch, JOB, [].append, perhaps_there=False)
    assert batch.calls["submit"] == len(WAITS) + 1


def test_a_loss_at_the_last_attempt_is_told_as_one() -> None:
    batch = FakeBatch(["throttled"] * len(WAITS) + ["lost"])
    with pytest.raises(Unanswered):
        submit_once(batch, JOB, [].append, perhaps_there=False)


@given(st.lists(st.sampled_from(["lost", "broken", "throttled"]), max_size=len(WAITS) + 1), st.booleans())
def test_no_trouble_makes_two_jobs(faults: list[str], perhaps_there: bool) -> None:
    batch = FakeBatch(list(faults))
    while not batch.taken or batch.faults:
        try:
            assert submit_once(batch, JOB, [].append, perhaps_there=perhaps_there) == ID
            break
        except Throttled:
            perhaps_there = True
    assert batch.taken == [JOB]
