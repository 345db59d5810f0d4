"""Tests of batchkit.planning.arrays."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchkit.planning.arrays import MAX_ARRAY_SIZE, MIN_ARRAY_SIZE, Array, arrays

CHILDREN = st.integers(0, 3_000_000)


@given(CHILDREN)
@example(10_001)
@example(20_001)
def test_every_child_is_in_exactly_one_array(children: int) -> None:
    first = 0
    for array in arrays(children):
        assert array.first == first
        first += array.size
    assert first == children


@given(CHILDREN)
@example(9_999)
@example(10_000)
@example(10_001)
def test_each_size_is_one_that_batch_takes_or_there_is_one_plain_job(children: int) -> None:
    made = arrays(children)
    if children == 1:
        assert made == (Array(0, 1),)
        assert made[0].is_plain
    else:
        assert all(MIN_ARRAY_SIZE <= array.size <= MAX_ARRAY_SIZE for array in made)
        assert not any(array.is_plain for array in made)


@given(CHILDREN)
def test_the_arrays_are_as_few_as_possible_and_nearly_equal(children: int) -> None:
    sizes = [array.size for array in arrays(children)]
    assert len(sizes) == (children + MAX_ARRAY_SIZE - 1) // MAX_ARRAY_SIZE
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


def test_one_child_more_than_fits_makes_two_halves() -> None:
    assert arrays(10_001) == (Array(0, 5_001), Array(5_001, 5_000))


def test_nothing_to_do_is_no_job() -> None:
    assert arrays(0) == ()


def test_a_negative_number_of_children_is_refused() -> None:
    with pytest.raises(ValueError, match="impossible number"):
        arrays(-1)
