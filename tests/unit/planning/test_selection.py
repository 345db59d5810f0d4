"""Tests of batchkit.planning.selection."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import ConfigError, DataError
from batchkit.planning.manifest import Source
from batchkit.planning.selection import (
    Listed,
    Selection,
    is_sampled,
    parse_moment,
    parse_share,
    select,
    wider_share,
    wider_shares,
)

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
SHARES = st.floats(0, 1, exclude_min=True)


def listed(key: str, size: int | None = 1, modified: int | None = 0) -> Listed:
    return Listed(Source("b", key, size=size or 0), size, modified)


def chosen(selection: Selection, *objects: Listed) -> list[str]:
    return [source.key for source in select(objects, selection)]


FEW = (listed("a.jpg", 10, 100), listed("x/b.jpg", 20, 200), listed("x/c.png", 30, 300))


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        (Selection(), "a.jpg x/b.jpg x/c.png"),
        (Selection(include=("*.jpg",)), "a.jpg x/b.jpg"),
        (Selection(include=("x/*", "a.*")), "a.jpg x/b.jpg x/c.png"),
        (Selection(exclude=("x/**",)), "a.jpg"),
        (Selection(include=("x/*",), exclude=("*.png", "*.gif")), "x/b.jpg"),
        (Selection(min_bytes=20), "x/b.jpg x/c.png"),
        (Selection(max_bytes=20), "a.jpg x/b.jpg"),
        (Selection(min_bytes=20, max_bytes=20), "x/b.jpg"),
        (Selection(since=200), "x/b.jpg x/c.png"),
        (Selection(until=200), "a.jpg"),
        (Selection(since=100, until=300), "a.jpg x/b.jpg"),
        (Selection(include=("x/*",), min_bytes=25, since=1, until=301, share=1.0), "x/c.png"),
    ],
)
def test_every_condition_must_hold(selection: Selection, keys: str) -> None:
    assert chosen(selection, *FEW) == keys.split()


@pytest.mark.parametrize(
    ("selection", "missing"),
    [(Selection(min_bytes=1), "size"), (Selection(max_bytes=9), "size"), (Selection(since=1), "modified")],
)
def test_a_filter_never_guesses_what_is_not_known(selection: Selection, missing: str) -> None:
    with pytest.raises(DataError, match=f"no {missing} of s3://b/k"):
        chosen(selection, listed("k", None, None))
    assert chosen(Selection(include=("k",)), listed("k", None, None)) == ["k"]


def test_nothing_is_asked_for_before_it_is_needed() -> None:
    asked = []

    def endless() -> Iterator[Listed]:
        for number in itertools.count():
            asked.append(number)
            yield listed(str(number))

    sources = select(endless(), Selection())
    assert asked == []
    assert next(sources).key == "0"
    assert asked == [0]


@given(st.lists(KEYS, max_size=20), SHARES)
def test_a_sample_depends_on_the_keys_only(keys: list[str], share: float) -> None:
    selection = Selection(share=share)
    forward = chosen(selection, *map(listed, keys))
    assert forward == chosen(selection, *map(listed, reversed(keys)))[::-1]
    assert all(is_sampled(key, share) or share == 1 for key in forward)


@given(KEYS, SHARES, SHARES)
def test_a_small_sample_lies_in_every_larger_one(key: str, one: float, other: float) -> None:
    if is_sampled(key, min(one, other)):
        assert is_sampled(key, max(one, other))


@given(KEYS)
def test_all_is_every_key_and_none_is_no_key(key: str) -> None:
    assert is_sampled(key, 1.0)
    assert not is_sampled(key, 0.0)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("purpose", ["", "canary"])
def test_a_sample_is_the_share_that_was_asked_for(share: float, purpose: str) -> None:
    """Within six standard deviations of 20,000 keys that differ in a few digits only."""
    number = 20_000
    got = sum(is_sampled(f"uploads/{n:08d}.jpg", share, purpose) for n in range(number))
    assert abs(got - number * share) < 6 * (number * share * (1 - share)) ** 0.5


def test_samples_for_two_purposes_are_independent() -> None:
    keys = [f"uploads/{n}.jpg" for n in range(20_000)]
    both = sum(is_sampled(key, 0.1) and is_sampled(key, 0.1, "canary") for key in keys)
    assert 100 < both < 300


@pytest.mark.parametrize(
    ("text", "share"), [("1%", 0.01), ("0.5%", 0.005), ("100%", 1), ("0.25", 0.25), ("1", 1)]
)
def test_a_share_is_read_as_people_write_it(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "0", "0%", "-1%", "101%", "2", "nan", "inf", "half", "1 %%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a share"):
        parse_share(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86_400),
        ("1970-01-01T01:00:00", 3600),
        ("1970-01-01T01:00:00Z", 3600),
        ("1970-01-01T01:00:00+01:00", 0),
    ],
)
def test_a_moment_is_in_utc_unless_it_says_else(text: str, seconds: int) -> None:
    assert parse_moment(text) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "1700000000000000000"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not one"):
        parse_moment(text)


@given(st.lists(KEYS, unique=True, max_size=30), st.floats(1e-6, 1), st.integers(1, 5))
def test_a_wider_share_is_the_least_whose_sample_has_enough(
    keys: list[str], share: float, wanted: int
) -> None:
    found = wider_share(share, keys, "canary", wanted)
    shares = [share, *wider_shares(share)]
    caught = {one: sum(is_sampled(key, one, "canary") for key in keys) for one in shares}
    assert found == next(one for one in shares if caught[one] >= min(wanted, len(keys)))


def test_wider_shares_double_up_to_all() -> None:
    assert list(wider_shares(0.2)) == [0.4, 0.8, 1.0]
    assert list(wider_shares(1.0)) == []
