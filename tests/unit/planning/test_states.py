"""Tests of batchkit.planning.states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.states import (
    Counts,
    Outcome,
    RunState,
    bulk_order,
    finished,
    item_version,
    report_version,
    total,
    upload_order,
)

TIMES = st.integers(0, 10**11)
SEQUENCERS = st.text("0123456789ABCDEF", min_size=1, max_size=40)
ORDERS = st.builds(upload_order, TIMES, SEQUENCERS) | st.builds(bulk_order, TIMES)
WRITERS = st.tuples(TIMES, ORDERS, st.sampled_from(Outcome))
NUMBERS = st.integers(0, 10**9)
COUNTS = st.builds(Counts, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)


def later(one: str, other: str) -> bool:
    """S3's rule for two sequencers of one key: "right-pad the shorter value with zeros, then compare"."""
    width = max(len(one), len(other))
    return one.ljust(width, "0") > other.ljust(width, "0")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(Outcome))), st.randoms())
def test_the_last_state_does_not_depend_on_order_or_repetition_of_the_writes(
    writes: list[tuple[int, int, Outcome]], chance: object
) -> None:
    def ledger(arrivals: list[tuple[int, int, Outcome]]) -> tuple[str, Outcome] | None:
        record: tuple[str, Outcome] | None = None
        for modified, time, outcome in arrivals:
            version = item_version(modified, bulk_order(time), outcome)
            if record is None or record[0] < version:
                record = (version, outcome)
        return record

    arrivals = writes * 2
    chance.shuffle(arrivals)  # type: ignore[attr-defined]
    assert ledger(arrivals) == ledger(writes)


@given(WRITERS, WRITERS)
def test_versions_order_by_source_then_run_then_outcome(
    one: tuple[int, str, Outcome], other: tuple[int, str, Outcome]
) -> None:
    def parts(writer: tuple[int, str, Outcome]) -> tuple[int, str, int]:
        return writer[0], writer[1], writer[2].rank

    assert (item_version(*one) < item_version(*other)) == (parts(one) < parts(other))
    assert (item_version(*one) == item_version(*other)) == (parts(one) == parts(other))


@given(TIMES, SEQUENCERS, SEQUENCERS)
def test_uploads_of_one_moment_order_as_s3_orders_their_sequencers(time: int, one: str, other: str) -> None:
    assert (upload_order(time, one) > upload_order(time, other)) == later(one, other)


def test_a_sequencer_counts_alike_in_both_cases() -> None:
    assert upload_order(1, "00ab") == upload_order(1, "00AB")


@given(TIMES, TIMES, SEQUENCERS, SEQUENCERS)
def test_a_later_event_wins_whatever_the_sequencers(one: int, other: int, a: str, b: str) -> None:
    if one != other:
        assert (upload_order(one, a) > upload_order(other, b)) == (one > other)
        assert (bulk_order(one) > bulk_order(other)) == (one > other)
        assert (upload_order(one, a) > bulk_order(other)) == (one > other)


def test_outcomes_are_ranked_from_failed_to_done() -> None:
    assert sorted(Outcome, key=lambda outcome: outcome.rank) == [
        Outcome.FAILED,
        Outcome.REJECTED,
        Outcome.FRESH,
        Outcome.DONE,
    ]
    assert [outcome for outcome in Outcome if not outcome.is_final] == [Outcome.FAILED]


@given(st.lists(st.tuples(st.sampled_from(Outcome), NUMBERS)))
def test_counts_are_sums_of_what_was_counted(items: list[tuple[Outcome, int]]) -> None:
    counts = Counts()
    for outcome, size in items:
        counts = counts.plus(outcome, size)
    assert counts.items == len(items)
    assert counts.bytes == sum(size for _, size in items)
    assert counts.failed == sum(outcome is Outcome.FAILED for outcome, _ in items)
    assert counts.good == counts.done + counts.fresh
    assert counts == total(Counts().plus(outcome, size) for outcome, size in reversed(items))


@given(COUNTS, COUNTS, COUNTS)
def test_adding_counts_knows_no_order_and_no_grouping(a: Counts, b: Counts, c: Counts) -> None:
    assert total([a, b, c]) == total([c, b, a]) == a + (b + c)
    assert a + Counts() == a


MADE = st.tuples(COUNTS, st.integers(1, 10), NUMBERS)


@given(MADE, MADE)
def test_the_report_that_accounts_for_more_wins_then_more_outputs_then_the_later_one(
    a: tuple[Counts, int, int], b: tuple[Counts, int, int]
) -> None:
    better = (a[0].items, a[0].good, *a[1:]) > (b[0].items, b[0].good, *b[1:])
    assert (report_version(*a) > report_version(*b)) == better


@given(COUNTS, st.integers(0, 10**9))
def test_items_that_no_child_accounts_for_have_failed(counts: Counts, missing: int) -> None:
    _, final = finished(counts.items + missing, counts)
    assert final.items == counts.items + missing
    assert final.failed == counts.failed + missing
    assert (final.done, final.fresh, final.rejected, final.bytes) == (
        counts.done,
        counts.fresh,
        counts.rejected,
        counts.bytes,
    )


@given(COUNTS, st.integers(0, 10**9))
def test_a_run_has_succeeded_only_if_every_item_is_good(counts: Counts, missing: int) -> None:
    state, final = finished(counts.items + missing, counts)
    assert (state is RunState.SUCCEEDED) == (final.good == final.items)
    assert state is not RunState.RUNNING


@pytest.mark.parametrize(
    ("expected", "counts", "share", "state"),
    [
        (3, Counts(done=3), 1.0, RunState.SUCCEEDED),
        (3, Counts(done=1, fresh=2), 1.0, RunState.SUCCEEDED),
        (0, Counts(), 1.0, RunState.SUCCEEDED),
        (3, Counts(done=2, rejected=1), 1.0, RunState.PARTIAL),
        (3, Counts(done=1), 1.0, RunState.PARTIAL),
        (3, Counts(rejected=3), 1.0, RunState.FAILED),
        (3, Counts(), 1.0, RunState.FAILED),
        (10, Counts(done=8, failed=2), 0.2, RunState.PARTIAL),
        (10, Counts(done=7, failed=3), 0.2, RunState.FAILED),
    ],
)
def test_the_state_of_a_run_follows_from_its_items(
    expected: int, counts: Counts, share: float, state: RunState
) -> None:
    assert finished(expected, counts, share)[0] is state
