"""Tests of batchkit.planning.fingerprints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.fingerprints import fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cannot read 'a b.jpg' at byte 12", "cannot read 'c.jpg' at byte 4711.5"),
        ("GET s3://b/k failed", "GET s3://b/other failed"),
        ("no file /scratch/x1", "no file /scratch/y/z"),
        ("request 0a1b2c3d4e5f failed", "request 9f8e7d6c5b4a failed"),
        ("too  large:\n3000 px", "too large: 12 px"),
    ],
)
def test_two_occurrences_of_an_error_have_one_fingerprint(one: str, other: str) -> None:
    assert fingerprint("E", one) == fingerprint("E", other)
    assert fingerprint("E", one) != fingerprint("F", one)


def test_different_errors_have_different_fingerprints() -> None:
    assert fingerprint("E", "cannot read") != fingerprint("E", "cannot write")


@given(st.text(max_size=5000), st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_make_no_difference_and_fingerprints_stay_short(text: str, one: int, other: int) -> None:
    first = fingerprint("E", f"size {one} {text}")
    assert first == fingerprint("E", f"size {other} {text}") or len(text) > 900
    assert len(first) <= 200
