"""Tests of batchkit.canonical."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: Any, seed: int) -> Any:
    if isinstance(value, dict):
        pairs = [(key, shuffled(part, seed)) for key, part in value.items()]
        random.Random(seed).shuffle(pairs)
        return dict(pairs)
    return [shuffled(part, seed) for part in value] if isinstance(value, list) else value


@given(VALUES)
def test_what_is_encoded_reads_back_as_the_same_value(value: Any) -> None:
    assert json.loads(canonical.encode(value)) == value


@given(VALUES, st.integers())
def test_the_order_of_keys_does_not_change_the_bytes(value: Any, seed: int) -> None:
    assert canonical.encode(shuffled(value, seed)) == canonical.encode(value)


def test_the_bytes_are_utf_8_without_spaces_and_with_sorted_keys() -> None:
    assert canonical.encode({"b": [1, "ü"], "a": {"y": None, "x": 1.5}}) == (
        '{"a":{"x":1.5,"y":null},"b":[1,"ü"]}'.encode()
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes", {1, 2}])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical.encode({"value": value})


def test_a_digest_is_the_sha_256_in_hexadecimal() -> None:
    assert canonical.digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
