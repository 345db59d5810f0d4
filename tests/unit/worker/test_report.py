"""Tests of batchkit.worker.report: counting items and grouping errors."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.records import Item
from batchkit.planning.states import Outcome, bulk_order
from batchkit.worker.assignment import read_assignment
from batchkit.worker.report import MAX_GROUPS, OTHERS, Tally, report

ITEM = Item("b", "k", "a", Outcome.DONE, "run", bulk_order(1), modified=1)


def item(outcome: Outcome, error: int = 0, size: int = 3) -> Item:
    if outcome in (Outcome.REJECTED, Outcome.FAILED):
        return replace(ITEM, outcome=outcome, error_class=f"E{error:03d}")
    return replace(ITEM, outcome=outcome, bytes=size)


@given(st.lists(st.builds(item, st.sampled_from(Outcome), st.integers(0, 60), st.integers(0, 10**9))))
def test_every_item_is_counted_once_and_every_bad_one_in_one_group(items: list[Item]) -> None:
    tally = Tally()
    tally.add(items)
    assert tally.counts.items == len(items)
    assert tally.counts.bytes == sum(one.bytes for one in items if one.outcome is Outcome.DONE)
    groups = tally.errors()
    assert sum(group.count for group in groups) == sum(one.is_bad for one in items)
    assert len(groups) <= MAX_GROUPS


def test_the_most_frequent_errors_come_first_and_the_rare_ones_together() -> None:
    tally = Tally()
    for number in range(MAX_GROUPS + 5):
        tally.add([item(Outcome.FAILED, number)] * (100 - number))
    groups = tally.errors()
    assert [group.error_class for group in groups[:2]] == ["E000", "E001"]
    assert (groups[-1].error_class, len(groups)) == (OTHERS, MAX_GROUPS)
    assert groups[-1].count == sum(100 - number for number in range(MAX_GROUPS - 1, MAX_GROUPS + 5))


def test_a_report_counts_the_children_of_the_whole_run() -> None:
    command = ["bulk", "b-1", "d" * 64, "10", "6", "3", "1"]
    assignment = read_assignment(command, {"AWS_BATCH_JOB_ATTEMPT": "2"})
    tally = Tally()
    tally.add([item(Outcome.FRESH)])
    made = report(assignment, 3, tally, started=5, stopped=9)
    assert (made.run, made.child, made.children, made.attempt) == ("b-1", 3, 5, 2)
    assert (made.counts.fresh, made.counts.bytes, made.started, made.stopped) == (1, 0, 5, 9)
