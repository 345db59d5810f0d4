"""Tests of batchkit.runs.run_report.timeline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.runs.run_report.timeline import Attempt, End, Rows, Span, Throughput, attempts, reported, span

MOMENTS = st.floats(-50, 150, allow_nan=False)


def child(number: int, started: float = 0, stopped: float = 1, **changes: int) -> Span:
    facts = {"attempt": 1, "good": 1, "bad": 0, "failed": False, **changes}
    return Span(number, started=started, stopped=stopped, **facts)  # type: ignore[arg-type]


@given(st.lists(st.tuples(MOMENTS, MOMENTS, st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_every_item_is_in_the_throughput_once_whenever_its_child_ran(
    children: list[tuple[float, float, int, int]],
) -> None:
    found = Throughput(0, 100, buckets=7)
    for one, other, good, bad in children:
        found.add(child(0, min(one, other), max(one, other), good=good, bad=bad))
    assert sum(found.good) * found.step == pytest.approx(sum(good for *_, good, _ in children))
    assert sum(found.bad) * found.step == pytest.approx(sum(bad for *_, bad in children))
    assert min(found.good) >= -1e-9


def test_what_a_child_did_is_spread_over_the_time_that_it_took() -> None:
    found = Throughput(0, 40, buckets=4)
    found.add(child(0, 5, 25, good=20))
    assert found.good == pytest.approx([0.5, 1.0, 0.5, 0.0])


def test_a_run_of_no_time_at_all_has_a_throughput() -> None:
    found = Throughput(7, 7)
    found.add(child(0, 7, 7, good=3))
    assert sum(found.good) * found.step == pytest.approx(3)


@given(st.integers(1, 500), st.integers(2, 40), st.sets(st.integers(0, 499)))
def test_the_rows_are_few_start_in_order_and_show_trouble(children: int, rows: int, bad: set[int]) -> None:
    chosen = Rows(children, rows)
    for number in range(children):
        chosen.add(child(number, started=-number, stopped=1, bad=int(number in bad)))
    found = chosen.chosen()
    assert len(found) <= rows
    assert len({one.child for one in found}) == len(found)
    assert [one.child for one in found] == sorted((one.child for one in found), reverse=True)
    troubled = [number for number in sorted(bad) if number < children][: rows // 2]
    assert set(troubled) <= {one.child for one in found}


def test_all_children_of_a_small_run_are_rows() -> None:
    rows = Rows(5)
    for number in range(5):
        rows.add(child(number, failed=number == 3))
    assert {one.child for one in rows.chosen()} == set(range(5))


def test_a_record_without_a_report_has_no_span() -> None:
    assert span({}) is None
    counts = {"done": 3, "fresh": 1, "rejected": 1, "failed": 1, "bytes": 9}
    record = {"child": 7, "attempt": 2, "started": 10, "stopped": 9, "counts": counts, "failure": {}}
    assert span(record) == Span(7, 2, 10, 10, good=4, bad=2, failed=True)


def test_a_child_that_died_without_a_report_is_known_by_its_end() -> None:
    found = span({"failure": {"child": 5, "attempts": 3, "stopped": 99}})
    assert found == Span(5, 3, 99, 99, good=0, bad=0, failed=True)
    assert found.is_notable


def test_attempts_are_told_by_how_they_ended() -> None:
    job = {
        "attempts": [
            {"statusReason": "Task failed to start"},
            {
                "startedAt": 1000,
                "stoppedAt": 2000,
                "statusReason": "Host EC2 (instance i-0abc) terminated.",
                "container": {},
            },
            {"startedAt": 3000, "stoppedAt": 4500, "container": {"exitCode": 65}},
            {"startedAt": 5000, "stoppedAt": 9000, "container": {"exitCode": 0}},
        ]
    }
    found = attempts(4, job)
    assert [(one.number, one.started, one.stopped, one.end) for one in found] == [
        (2, 1, 2, End.RECLAIMED),
        (3, 3, 4.5, End.FAILED),
        (4, 5, 9, End.DONE),
    ]
    assert "host" in found[0].why
    assert found[2].why == ""


def test_of_a_child_that_batch_forgot_the_last_attempt_is_known() -> None:
    assert reported(child(3, 5, 8, attempt=2)) == Attempt(3, 2, 5, 8, End.DONE)
    assert reported(child(3, failed=True)).end is End.FAILED
