"""Tests of batchkit.planning.resources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.resources import FARGATE_MEMORY, LEAST_BYTES, MIB, job_memory, larger

SIZES = [(vcpus, memory) for vcpus, sizes in FARGATE_MEMORY.items() for memory in sizes]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 2048), (1, 4096)),
        ((1, 8192), (2, 16384)),
        ((0.25, 2048), (0.5, 4096)),
        ((8, 61440), (16, 122880)),
        ((32, 249856), (32, 249856)),
    ],
)
def test_fargate_has_twice_the_memory_if_need_be_with_more_vcpus(
    size: tuple[float, int], expected: tuple[float, int]
) -> None:
    assert larger("fargate-spot", *size) == expected


@given(st.sampled_from(SIZES))
def test_the_larger_size_is_always_one_that_fargate_sells(size: tuple[float, int]) -> None:
    found = larger("fargate", *size)
    assert found in SIZES
    assert found[1] >= min(2 * size[1], 249856)
    assert found[0] >= size[0]


def test_on_ec2_only_the_memory_grows() -> None:
    assert larger("ec2-spot", 2, 3000) == (2, 6000)


def test_a_job_has_what_the_worker_and_the_next_source_leave() -> None:
    assert job_memory(2048 * MIB, 200 * MIB) == (2048 - 160 - 200 - 24) * MIB
    assert job_memory(2048 * MIB, 0, lanes=2) == ((2048 - 160) // 2 - 24) * MIB
    assert job_memory(256 * MIB, 128 * MIB) == LEAST_BYTES
