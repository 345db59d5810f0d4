"""Tests of batchkit.planning.records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchkit.planning.records import Item, Report
from batchkit.planning.states import Counts, Outcome, bulk_order, upload_order

ITEM = Item(
    bucket="b", key="k", task="t", outcome=Outcome.DONE, run="r", order=bulk_order(100), modified=1_000
)


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"modified": 1_001, "outcome": Outcome.FAILED}, {"order": bulk_order(200)}),
        ({"order": bulk_order(101), "outcome": Outcome.REJECTED}, {}),
        ({"order": upload_order(100, "0A")}, {}),
        ({}, {"outcome": Outcome.FRESH}),
        ({"outcome": Outcome.REJECTED}, {"outcome": Outcome.FAILED}),
    ],
)
def test_a_newer_source_wins_then_the_later_run_then_the_better_outcome(
    newer: dict[str, object], older: dict[str, object]
) -> None:
    assert replace(ITEM, **newer).version > replace(ITEM, **older).version  # type: ignore[arg-type]


def test_what_else_an_item_says_does_not_decide_which_record_stays() -> None:
    assert replace(ITEM, attempt=7, bytes=5, updated=9, message="x").version == ITEM.version


@pytest.mark.parametrize(
    ("outcome", "bad"),
    [(Outcome.DONE, False), (Outcome.FRESH, False), (Outcome.REJECTED, True), (Outcome.FAILED, True)],
)
def test_rejected_and_failed_items_are_bad(outcome: Outcome, bad: bool) -> None:
    assert replace(ITEM, outcome=outcome).is_bad is bad


def test_a_report_of_a_later_attempt_with_as_much_wins_but_not_one_with_less() -> None:
    first = Report(run="r", child=0, children=1, attempt=1, counts=Counts(done=3, failed=1))
    assert replace(first, attempt=2).version > first.version
    assert replace(first, attempt=2, counts=Counts(fresh=2)).version < first.version
    assert replace(first, counts=Counts(done=4)).version > first.version
