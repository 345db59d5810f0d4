"""Tests of batchkit.runs.adopt and batchkit.runs.turns: one job of a name, whatever gets lost on the way,
and whoever else is at it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.moto_world import TIME
from support.submitting import FakeBatch, TurnRecord

from batchkit.aws.clients import CONNECT_SECONDS, READ_SECONDS
from batchkit.aws.queue import BatchJob
from batchkit.aws.run_ledger import RunJob
from batchkit.errors import ConfigError, DataError, Interrupted, Throttled, Unanswered
from batchkit.runs.adopt import HELD_LOOKS, LOOKS, WAITS, submit_once

JOB = BatchJob("b-1-0", "bulk", "bulk", 3)
ID = FakeBatch.id_of(JOB.name)
BEGUN = RunJob(0, "", "an attempt", busy=False, tried=TIME)
UNDER_WAY = RunJob(0, "", "an attempt", busy=True, tried=TIME, doubtful=True)


def submitted(
    batch: FakeBatch, record: TurnRecord | None = None, sleep: Callable[[float], None] = lambda wait: None
) -> str:
    return submit_once(batch, JOB, (record or TurnRecord()).turns(), sleep)


def test_a_job_that_nobody_submitted_takes_one_call_and_no_look() -> None:
    batch, waits = FakeBatch(), list[float]()
    assert submitted(batch, sleep=waits.append) == ID
    assert (batch.calls, waits) == ({"submit": 1}, [])


def test_a_job_whose_answer_got_lost_is_adopted() -> None:
    batch = FakeBatch(["lost"])
    assert submitted(batch) == ID
    assert (batch.taken, batch.calls["submit"]) == ([JOB], 1)


def test_a_job_is_adopted_even_if_it_shows_late() -> None:
    batch = FakeBatch(["lost"], hidden=len(LOOKS) - 1)
    submitted(batch)
    assert batch.taken == [JOB]


def test_a_job_whose_request_got_lost_is_submitted_again() -> None:
    batch = FakeBatch(["broken"])
    assert submitted(batch) == ID
    assert (batch.taken, batch.calls["find"]) == ([JOB], len(LOOKS))


def test_a_job_of_an_interrupted_submission_is_looked_for_first() -> None:
    batch = FakeBatch(taken=[JOB])
    assert submitted(batch, TurnRecord(BEGUN)) == ID
    assert batch.calls == {"find": 1}


def test_a_job_whose_id_was_noted_meanwhile_is_taken_from_the_record() -> None:
    batch = FakeBatch()
    assert submitted(batch, TurnRecord(RunJob(0, "noted", "an attempt"))) == "noted"
    assert batch.calls == {}


def test_throttling_is_waited_out_without_looking() -> None:
    batch, waits = FakeBatch(["throttled"] * 3), list[float]()
    submitted(batch, sleep=waits.append)
    assert (batch.calls, waits) == ({"submit": 4}, list(WAITS[:3]))


def test_throttling_without_end_is_an_error_and_leaves_the_turn_to_others() -> None:
    batch, record = FakeBatch(["throttled"] * 99), TurnRecord()
    with pytest.raises(Throttled):
        submitted(batch, record)
    assert batch.calls["submit"] == len(WAITS) + 1
    assert record.record is not None
    assert not record.record.busy


def test_a_loss_at_the_last_attempt_is_told_as_one() -> None:
    batch = FakeBatch(["throttled"] * len(WAITS) + ["lost"])
    with pytest.raises(Unanswered):
        submitted(batch)


def test_a_refusal_is_not_repeated_and_leaves_the_turn_to_others() -> None:
    class Refusing(FakeBatch):
        def submit(self, job: BatchJob) -> str:
            raise ConfigError("no such queue")

    record = TurnRecord()
    with pytest.raises(ConfigError):
        submitted(Refusing(), record)
    assert record.record is not None
    assert not record.record.busy


@given(st.lists(st.sampled_from(["lost", "broken", "throttled"]), max_size=len(WAITS) + 1), st.booleans())
def test_no_trouble_makes_two_jobs(faults: list[str], begun: bool) -> None:
    batch, record = FakeBatch(list(faults)), TurnRecord(BEGUN if begun else None)
    while not batch.taken or batch.faults:
        try:
            assert submitted(batch, record) == ID
            break
        except Throttled:
            continue
    assert batch.taken == [JOB]


def test_who_was_overtaken_while_waiting_submits_nothing() -> None:
    batch, record, others = FakeBatch(["throttled"]), TurnRecord(), list[str]()

    def meanwhile(wait: float) -> None:
        if not others:
            others.append("under way")
            others.append(submitted(batch, record))

    # It has noted no id yet, so the first one looks for its job.
    assert submitted(batch, record, meanwhile) == others[1] == ID
    assert batch.taken == [JOB]


def test_a_turn_that_somebody_else_took_between_look_and_call_stops_this_process() -> None:
    batch, record = FakeBatch(), TurnRecord()

    def overtaken() -> None:
        record.record = UNDER_WAY

    with pytest.raises(Interrupted, match="another process"):
        submit_once(batch, JOB, record.turns(overtaken), lambda wait: None)
    assert batch.calls == {}


def test_an_open_attempt_is_waited_for_longer_than_a_call_can_last() -> None:
    waits = list[float]()
    batch = FakeBatch()
    submitted(batch, TurnRecord(UNDER_WAY), waits.append)
    assert waits == [*LOOKS, *HELD_LOOKS]
    assert sum(waits) > CONNECT_SECONDS + READ_SECONDS
    assert batch.taken == [JOB]


@pytest.mark.parametrize("after", [0, 2, len(LOOKS), len(LOOKS) + 10])
def test_a_call_that_is_under_way_elsewhere_is_adopted_when_it_arrives(after: int) -> None:
    batch, waits = FakeBatch(), list[float]()

    def arriving(wait: float) -> None:
        waits.append(wait)
        if len(waits) == after + 1:
            batch.taken.append(JOB)

    assert submitted(batch, TurnRecord(UNDER_WAY), arriving) == ID
    assert (batch.taken, batch.calls["submit"]) == ([JOB], 0)


def test_a_job_of_an_attempt_that_batch_may_have_forgotten_is_not_made_again() -> None:
    batch, week = FakeBatch(), 7 * 24 * 3600
    with pytest.raises(DataError, match="nobody knows any more") as caught:
        submitted(batch, TurnRecord(UNDER_WAY, TIME + week))
    assert "batchkit cancel b-1, and when it has ended batchkit retry b-1" in str(caught.value.fix)
    assert batch.calls["submit"] == 0
    # One that Batch remembers is adopted, however old.
    batch.taken.append(JOB)
    assert submitted(batch, TurnRecord(UNDER_WAY, TIME + week)) == ID
    assert submitted(FakeBatch(), TurnRecord(UNDER_WAY, TIME + week / 2)) == ID


def test_a_job_that_was_only_ever_refused_is_submitted_however_long_ago_that_was() -> None:
    batch = FakeBatch()
    assert submitted(batch, TurnRecord(BEGUN, TIME + 30 * 24 * 3600)) == ID
    assert batch.taken == [JOB]


def test_a_refusal_does_not_hide_that_an_attempt_before_it_may_have_made_a_job() -> None:
    batch, record = FakeBatch(["broken", *["throttled"] * 5]), TurnRecord()
    with pytest.raises(Throttled):
        submitted(batch, record)
    record.now = TIME + 7 * 24 * 3600
    with pytest.raises(DataError, match="nobody knows any more"):
        submitted(batch, record)


TROUBLE = st.lists(st.sampled_from(["lost", "broken", "throttled", ""]), max_size=len(WAITS))


@given(faults=TROUBLE, moments=st.lists(st.integers(0, 12), max_size=4))
def test_commands_that_begin_while_another_one_waits_make_one_job(
    faults: list[str], moments: list[int]
) -> None:
    """Each waits at moments of its own, and at each the next one runs from begin to end."""
    batch, record, left = FakeBatch(list(faults)), TurnRecord(), list(moments)

    def process() -> None:
        moment, waited = (left.pop() if left else None), 0

        def sleep(wait: float) -> None:
            nonlocal waited
            waited += 1
            if waited == moment:
                process()

        try:
            assert submitted(batch, record, sleep) == ID
        except (Throttled, Interrupted):
            return

    process()
    batch.faults.clear()
    assert submitted(batch, record) == ID
    assert batch.taken == [JOB]
