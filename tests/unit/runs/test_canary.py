"""Tests of the parts of a run with a canary, and of what is measured of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import jobs
from support.moto_world import TIME, World
from support.projects import photos
from support.submitting import plan

from batchkit.aws.run_ledger import Intent
from batchkit.errors import DataError
from batchkit.planning.manifest import Source
from batchkit.planning.records import ChildFailure, Report, RunEnd
from batchkit.planning.sizing import MODEL, Amount
from batchkit.planning.source_spec import Prefix
from batchkit.planning.states import Counts, RunState
from batchkit.runs import canary_parts, intents, measured
from batchkit.runs.bulk import Bulk
from batchkit.runs.measured import Measured
from batchkit.runs.requests import Request

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan

RECIPE = jobs.recipe(["a", "b"])
REQUEST = Request(source="s3://b/", spec=Prefix("b", ""))


@pytest.fixture
def bulk(clients: Clients) -> Bulk:
    world = World(clients)
    return Bulk(project=photos(2), clients=clients, artifacts=world.artifacts, table=world.table)


@given(st.lists(st.text(max_size=20), max_size=50), st.floats(0.001, 1))
def test_every_source_is_in_one_part(keys: list[str], share: float) -> None:
    first, later = canary_parts.sample(REQUEST, share), canary_parts.rest(REQUEST, share, MODEL)
    assert first.wanted is not None
    assert later.wanted is not None
    for key in keys:
        source = Source("b", key)
        assert first.wanted(source) is not later.wanted(source)


def test_the_parts_are_runs_of_their_own(bulk: Bulk) -> None:
    parts = [
        canary_parts.sample(REQUEST, 0.1),
        canary_parts.sample(REQUEST, 0.2),
        canary_parts.rest(REQUEST, 0.1, MODEL),
        REQUEST,
    ]
    assert len({intents.token(part.meaning(bulk.project)) for part in parts}) == 4


def test_a_faster_canary_makes_a_faster_model() -> None:
    planned = plan(RECIPE, 100, per_child=2, bytes=10**8)
    expected = MODEL.seconds(Amount(100, 10**8, 200), planned.vcpus)
    model = Measured(planned, round(expected / 2), Counts(done=200)).model()
    assert model.seconds(Amount(100, 10**8, 200), 1.0) == pytest.approx(expected / 2, rel=0.05)


def test_a_canary_with_a_task_a_child_is_measured_by_all_its_visits() -> None:
    """Each source was decoded twice, by two children."""
    planned = plan(RECIPE, 100, per_child=1, bytes=10**8)
    expected = MODEL.seconds(Amount(200, 2 * 10**8, 200), planned.vcpus)
    assert Measured(planned, round(expected), Counts(done=200)).model().byte == pytest.approx(
        MODEL.byte, rel=0.05
    )


def test_a_canary_with_two_lanes_is_measured_by_both() -> None:
    planned = plan(RECIPE, 100, per_child=50, bytes=10**8, vcpus=2.0, lanes=2)
    expected = MODEL.seconds(Amount(100, 10**8, 200), 2.0, 2)
    assert Measured(planned, round(expected), Counts(done=200)).model().byte == pytest.approx(
        MODEL.byte, rel=0.05
    )


def test_a_canary_too_short_to_measure_changes_no_model() -> None:
    assert Measured(plan(RECIPE, 2), 0, Counts(done=4)).model() == MODEL


def test_what_was_up_to_date_is_no_work_that_was_measured() -> None:
    """The time is that of half of the items: the others would have taken as much again."""
    planned, amount = plan(RECIPE, 100, per_child=2, bytes=10**8), Amount(100, 10**8, 200)
    expected = MODEL.seconds(amount, planned.vcpus)
    half = Measured(planned, round(expected), Counts(done=100, fresh=100))
    assert half.model().seconds(amount, 1.0) == pytest.approx(2 * expected, rel=0.05)
    assert half.seconds_per_item == half.seconds / 100


@pytest.mark.parametrize("counts", [Counts(done=10, fresh=190), Counts(fresh=200), Counts()], ids=str)
def test_a_canary_that_made_little_leaves_the_model_as_it_was(counts: Counts) -> None:
    before = replace(MODEL, item=7.0)
    found = Measured(plan(RECIPE, 100, per_child=2, bytes=10**8), 3, counts)
    assert not found.is_telling
    assert found.model(before) == before


def with_bad(bad: int) -> Measured:
    counts = Counts(done=100 - bad, rejected=bad // 2, failed=bad - bad // 2)
    return Measured(plan(RECIPE, 50), 60, counts)


@pytest.mark.parametrize("bad", [0, 5])
def test_a_canary_with_few_errors_lets_the_rest_go_on(bad: int) -> None:
    measured.check(with_bad(bad), 0.05)


@pytest.mark.parametrize("bad", [6, 100])
def test_a_canary_with_too_many_errors_stops_the_rest(bad: int) -> None:
    with pytest.raises(DataError, match="the rest was not submitted"):
        measured.check(with_bad(bad), 0.05)


def finish(ledger: RunLedger, planned: Plan, counts: Counts) -> None:
    ledger.begin(planned, "x")
    ledger.submitted(planned.run)
    names = {"run": planned.run, "lane": "bulk", "recipe": planned.recipe, "job": "job"}
    end = RunEnd(state=RunState.PARTIAL, counts=counts, sources=1, started=planned.started, **names)
    ledger.finish(end)


def test_a_canary_is_measured_by_its_childrens_reports(bulk: Bulk) -> None:
    planned = plan(RECIPE, 2, per_child=2)
    for child in range(2):
        report = Report(planned.run, child, 2, 1, Counts(done=2), started=TIME, stopped=TIME + 30 + child)
        bulk.ledger.record_report(report)
    bulk.ledger.begin(planned, "x")
    with pytest.raises(DataError, match="has not ended"):
        measured.measure(bulk, planned)
    finish(bulk.ledger, planned, Counts(done=3, failed=1))
    found = measured.measure(bulk, planned)
    assert (found.seconds, found.error_rate, found.seconds_per_item) == (61, 0.25, 61 / 3)


@pytest.mark.parametrize("late", [False, True])
def test_an_interrupted_child_is_measured_by_the_attempt_that_its_items_are_of(
    bulk: Bulk, *, late: bool
) -> None:
    """Spot took the first attempt, whose report may come late; the second one found three items made."""
    planned = plan(RECIPE, 2, per_child=4)
    first = Report(planned.run, 0, 1, 1, Counts(done=3), started=TIME, stopped=TIME + 90)
    second = Report(planned.run, 0, 1, 2, Counts(done=1, fresh=3), started=TIME + 500, stopped=TIME + 540)
    for report in (second, first) if late else (first, second):
        bulk.ledger.record_report(report)
    finish(bulk.ledger, planned, second.counts)
    found = measured.measure(bulk, planned)
    assert (found.seconds, found.seconds_per_item, found.is_telling) == (40, 40.0, False)


def test_an_interrupted_child_that_never_came_back_is_measured_by_what_it_made(bulk: Bulk) -> None:
    planned = plan(RECIPE, 2, per_child=4)
    report = Report(planned.run, 0, 1, 1, Counts(done=3), started=TIME, stopped=TIME + 90)
    bulk.ledger.record_report(report)
    failure = ChildFailure(planned.run, 0, 1, "j", None, "Host EC2 terminated.", "", 3, worked=(90, 5, 5))
    bulk.ledger.record_failure(failure)
    finish(bulk.ledger, planned, Counts(done=3, failed=1))
    found = measured.measure(bulk, planned)
    assert (found.seconds, found.seconds_per_item, found.error_rate) == (90, 30.0, 0.25)


def test_a_canary_is_over_when_it_went_wrong_or_the_rest_has_ended(bulk: Bulk) -> None:
    over = canary_parts.is_over(bulk, REQUEST, 0.1, 0.05)
    mine = Intent("canary", "b-canary", "me")
    assert not over(mine, None)
    assert not over(mine, {"state": "RUNNING", "started": 5})
    good = {"state": "PARTIAL", "submitted": 5, "started": 5, "counts": {"done": 99, "failed": 1}}
    bad = {**good, "counts": {"done": 9, "failed": 1}}
    assert not over(mine, bad)
    assert over(replace(mine, answered=True), bad)
    assert not over(mine, good)
    token = intents.token(canary_parts.rest(REQUEST, 0.1, MODEL).meaning(bulk.project))
    for has_ended, answered in ((False, False), (True, False), (True, True)):
        rest, before = plan(RECIPE, 1), bulk.ledger.intent(token)
        intent = bulk.ledger.claim_intent(token, rest.run, "me", over=before.run if before else "")
        if has_ended:
            finish(bulk.ledger, rest, Counts(done=2))
        else:
            bulk.ledger.begin(rest, "x")
        if answered:
            bulk.ledger.answered(intent)
        assert over(mine, good) is answered
        # A rest of an earlier canary says nothing of this one.
        assert not over(mine, {**good, "started": 10**12})
