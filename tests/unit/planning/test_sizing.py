"""Tests of batchkit.planning.sizing: how many items one child does."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchkit.errors import DataError
from batchkit.planning.shards import Shape
from batchkit.planning.sizing import (
    MAX_CHILDREN,
    MODEL,
    TYPICAL_BYTES,
    Amount,
    amount,
    busy_lanes,
    check_children,
    check_timeout,
    lanes,
    per_child,
    visited,
    visits,
)

SOURCES = st.integers(0, 50_000_000)
TASKS = st.integers(1, 40)
SECONDS = st.floats(0, 1e9)
WANTED = st.floats(1, 36_000)


@given(sources=SOURCES, tasks=TASKS, seconds=SECONDS, wanted=WANTED)
@example(sources=50_000_000, tasks=3, seconds=1e9, wanted=1.0)
def test_a_child_does_whole_sources_and_there_are_never_too_many_children(
    sources: int, tasks: int, seconds: float, wanted: float
) -> None:
    found = per_child(Amount(sources, 0, sources * tasks), seconds, tasks, "source", wanted)
    shape = Shape(sources, tasks, found)
    assert found % tasks == 0
    assert shape.children <= min(sources, MAX_CHILDREN)


@given(sources=st.integers(1, 3000), tasks=TASKS, seconds=st.floats(0, 1e6))
def test_every_source_is_in_exactly_one_child(sources: int, tasks: int, seconds: float) -> None:
    shape = Shape(sources, tasks, per_child(Amount(sources, 0, sources * tasks), seconds, tasks, "source"))
    done = [source for child in range(shape.children) for source in shape.sources_of(child)]
    assert done == list(range(sources))


@given(sources=st.integers(1, 10**6), each=st.floats(0.001, 100), tasks=TASKS, wanted=st.floats(200, 1000))
def test_children_take_about_as_long_as_wanted(sources: int, each: float, tasks: int, wanted: float) -> None:
    found = per_child(Amount(sources, 0, sources * tasks), sources * each, tasks, "source", wanted)
    of_one = found // tasks * each
    # Rounding to whole children gives at most half as much again; rounding up to whole sources, one more.
    assert of_one <= 1.5 * wanted + each
    assert of_one >= min(sources * each, wanted) / 2 or isclose(of_one, sources * each)


def test_one_child_for_each_item_where_that_is_asked_for() -> None:
    assert per_child(Amount(10, 0, 50), 1000, 5, "task") == 1


def test_a_run_of_nothing_has_a_possible_shape() -> None:
    assert Shape(0, 3, per_child(Amount(0, 0, 0), 0.0, 3, "source")).children == 0


@given(
    work=st.builds(Amount, st.integers(1, 10**6), st.integers(0, 10**12), st.integers(0, 10**7)),
    vcpus=st.floats(0.25, 16),
    measured=st.floats(0.1, 1e9),
    side_by_side=st.integers(1, 16),
)
def test_a_calibrated_model_foretells_what_was_measured(
    work: Amount, vcpus: float, measured: float, side_by_side: int
) -> None:
    model = MODEL.calibrated(work, vcpus, measured, side_by_side)
    assert isclose(model.seconds(work, vcpus, side_by_side), measured, rel_tol=1e-6)


def test_a_measurement_of_nothing_changes_no_model() -> None:
    assert MODEL.calibrated(Amount(0, 0, 0), 1, 5.0) is MODEL
    assert MODEL.calibrated(Amount(1, 1, 1), 1, 0.0) is MODEL


def test_a_quarter_of_a_vcpu_computes_four_times_as_long_and_waits_as_long() -> None:
    computing = Amount(0, 3_000_000, 5)
    assert isclose(MODEL.seconds(computing, 0.25), 4 * MODEL.seconds(computing, 1))
    assert MODEL.seconds(computing, 8) == MODEL.seconds(computing, 1)
    assert MODEL.seconds(Amount(7, 0, 0), 0.25) == MODEL.seconds(Amount(7, 0, 0), 1)


def test_as_many_lanes_as_vcpus_make_everything_in_a_share_of_the_time() -> None:
    work = Amount(70, 30_000_000, 50)
    assert MODEL.seconds(work, 4, 4) == pytest.approx(MODEL.seconds(work, 1) / 4)
    assert [lanes(vcpus) for vcpus in (0.25, 1, 1.5, 2, 16)] == [1, 1, 2, 2, 16]
    # Two lanes that share one and a half: what is computed takes that much longer on each.
    computing = Amount(0, 30_000_000, 50)
    assert MODEL.seconds(computing, 1.5, 2) == pytest.approx(MODEL.seconds(computing, 1) / 1.5)


def test_a_child_has_no_more_busy_lanes_than_sources() -> None:
    assert [busy_lanes(4, per_child, tasks=5) for per_child in (1, 5, 15, 20, 500)] == [1, 1, 3, 4, 4]


def test_sources_of_unknown_size_count_as_the_average_of_the_others() -> None:
    assert amount(10, 8000, 10, unsized=2) == Amount(10, 10_000, 10)
    assert amount(3, 0, 3, unsized=3) == Amount(3, 3 * TYPICAL_BYTES, 3)


def test_more_children_than_batch_takes_are_refused() -> None:
    check_children(MAX_CHILDREN)
    with pytest.raises(DataError, match="1,000,001 children"):
        check_children(MAX_CHILDREN + 1)


def test_children_that_would_meet_their_timeout_are_refused() -> None:
    check_timeout(3600, 7200)
    check_timeout(1e9, None)
    with pytest.raises(DataError, match="timeout"):
        check_timeout(3601, 7200)


def test_a_source_is_read_by_every_child_that_makes_some_of_its_tasks() -> None:
    assert visits(10, 50, tasks=5, per_child=15) == 10
    assert visits(10, 50, tasks=5, per_child=1) == 50
    assert visits(10, 12, tasks=5, per_child=1) == 12
    assert visited(Amount(10, 1000, 50), 50) == Amount(50, 5000, 50)
    assert visited(Amount(0, 0, 0), 0) == Amount(0, 0, 0)
