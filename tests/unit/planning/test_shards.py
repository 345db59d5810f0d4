"""Tests of batchkit.planning.shards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.shards import Shape, Slice

SHAPES = st.builds(Shape, st.integers(0, 60), st.integers(1, 7), st.integers(1, 40))
HUGE = st.builds(Shape, st.integers(1, 10**9), st.integers(1, 50), st.integers(1, 10**6))


@given(SHAPES)
def test_every_item_is_in_exactly_one_child(shape: Shape) -> None:
    items = [item for child in range(shape.children) for item in shape.shard(child)]
    assert items == list(range(shape.sources * shape.tasks))


@given(SHAPES)
def test_no_child_is_empty_or_too_big(shape: Shape) -> None:
    assert all(1 <= len(shape.shard(child)) <= shape.per_child for child in range(shape.children))


@given(HUGE, st.data())
def test_the_arithmetic_holds_for_runs_that_do_not_fit_into_memory(shape: Shape, data: st.DataObject) -> None:
    child = data.draw(st.integers(0, shape.children - 1))
    shard = shape.shard(child)
    assert shard.start == (shape.shard(child - 1).stop if child else 0)
    assert shape.shard(shape.children - 1).stop == shape.items
    assert shape.sources_of(child)[0] == shard[0] // shape.tasks


@given(SHAPES)
def test_the_slices_of_a_child_cover_its_shard_in_order(shape: Shape) -> None:
    for child in range(shape.children):
        items = [s.source * shape.tasks + t for s in shape.slices(child) for t in range(s.first, s.stop)]
        assert items == list(shape.shard(child))


@given(SHAPES)
def test_a_child_has_one_slice_per_source_and_none_is_empty(shape: Shape) -> None:
    for child in range(shape.children):
        slices = list(shape.slices(child))
        assert [s.source for s in slices] == list(shape.sources_of(child))
        assert all(0 <= s.first < s.stop <= shape.tasks for s in slices)


@given(SHAPES, st.integers(0, 5))
def test_a_child_past_the_last_has_nothing_to_do(shape: Shape, past: int) -> None:
    child = shape.children + past
    assert len(shape.shard(child)) == len(shape.sources_of(child)) == len(list(shape.slices(child))) == 0


def test_an_upload_gives_each_child_one_task_of_its_one_source() -> None:
    shape = Shape(sources=1, tasks=3, per_child=1)
    assert [list(shape.slices(child)) for child in range(3)] == [
        [Slice(0, 0, 1)],
        [Slice(0, 1, 2)],
        [Slice(0, 2, 3)],
    ]


def test_a_backfill_gives_each_child_whole_sources() -> None:
    shape = Shape(sources=5, tasks=3, per_child=6)
    assert shape.children == 3
    assert list(shape.slices(1)) == [Slice(2, 0, 3), Slice(3, 0, 3)]
    assert list(shape.slices(2)) == [Slice(4, 0, 3)]


def test_a_shard_may_begin_and_end_in_the_midst_of_a_source() -> None:
    assert list(Shape(sources=3, tasks=3, per_child=4).slices(1)) == [Slice(1, 1, 3), Slice(2, 0, 2)]


@pytest.mark.parametrize(("sources", "tasks", "per_child"), [(-1, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_an_impossible_shape_is_refused(sources: int, tasks: int, per_child: int) -> None:
    with pytest.raises(ValueError, match="impossible shape"):
        Shape(sources, tasks, per_child)


def test_a_negative_child_is_refused() -> None:
    with pytest.raises(IndexError):
        Shape(1, 1, 1).shard(-1)
