"""Tests of batchkit.project.sizes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.project.sizes import Memory, Size


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("200 MB", 200_000_000),
        ("200MB", 200_000_000),
        ("200 mb", 200_000_000),
        ("200 MiB", 209_715_200),
        ("1.5 kB", 1_500),
        ("0.5 KiB", 512),
        ("5 GB", 5_000_000_000),
        ("5 TiB", 5 * 2**40),
        (" 7 B ", 7),
        (7, 7),
    ],
)
def test_the_size_of_an_object_is_decimal_unless_it_says_otherwise(text: str | int, number: int) -> None:
    assert Size.parse(text) == number


@pytest.mark.parametrize(
    ("text", "mebibytes"),
    [("2 GB", 2048), ("2 GiB", 2048), ("512 MB", 512), ("512 MiB", 512), ("0.5 gb", 512), (2048, 2048)],
)
def test_memory_counts_as_batch_and_docker_do(text: str | int, mebibytes: int) -> None:
    assert Memory.parse(text) == mebibytes


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "not a number with a unit"),
        ("MB", "not a number with a unit"),
        ("-1 MB", "not a number with a unit"),
        ("1e3 MB", "not a number with a unit"),
        ("1,000 MB", "not a number with a unit"),
        ("٣ MB٣", "not a number with a unit"),
        ("1 MB 2", "not a number with a unit"),
        ("9" * 400, "not a number with a unit"),
        ("5", "no unit"),
        ("5 bananas", "unknown unit; known are B, kB, MB"),
        ("0.5 B", "not a whole number of bytes"),
        ("0 MB", "too small"),
        (0, "too small"),
        (-5, "too small"),
        (2**63, "too big"),
        ("999999999 TB", "too big"),
        (True, "neither text nor an integer"),
        (1.5, "neither text nor an integer"),
        (None, "neither text nor an integer"),
    ],
)
def test_what_is_no_size_is_refused_with_the_reason(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Size.parse(value)


def test_memory_is_whole_mebibytes() -> None:
    with pytest.raises(ValueError, match="not a whole number of MiB"):
        Memory.parse("0.0001 GB")


@given(st.integers(1, 2**63 - 1))
def test_a_size_reads_back_from_its_text(number: int) -> None:
    assert Size.parse(Size(number).text) == number


@given(st.integers(1, 2**40))
def test_memory_reads_back_from_its_text(number: int) -> None:
    assert Memory.parse(Memory(number).text) == number


@given(st.text(), st.sampled_from([Size, Memory]))
def test_no_text_breaks_the_reader(text: str, kind: type[Size]) -> None:
    try:
        assert kind.parse(text) >= 1
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Size(200_000_000), "200 MB"),
        (Size(2**30), "1 GiB"),
        (Size(1), "1 B"),
        (Size(1_001), "1001 B"),
        (Memory(2048), "2 GB"),
        (Memory(1536), "1536 MB"),
    ],
)
def test_a_text_is_in_the_largest_unit_without_a_fraction(amount: Size, text: str) -> None:
    assert amount.text == text
