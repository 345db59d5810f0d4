"""Tests of batchkit.aws.cutting, against a bucket that is a list of keys."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.aws.cutting import MAX_PROBES, Cutter, _following

KEYS = st.lists(
    st.text(st.sampled_from("ab/\U0010ffff\ud7ff"), min_size=1, max_size=6), max_size=30, unique=True
)


class Bucket:
    """ListObjectsV2 of some keys, `size` a page."""

    def __init__(self, keys: list[str], size: int = 1000) -> None:
        self.keys, self.size, self.asked = sorted(keys), size, 0

    def __call__(self, prefix: str, **where: Any) -> Any:
        self.asked += 1
        after = where.get("StartAfter", "")
        names: dict[str, bool] = {}
        for key in self.keys:
            if key.startswith(prefix) and key > after:
                part, slash, _ = key[len(prefix) :].partition("/")
                names[prefix + part + slash if "Delimiter" in where and slash else key] = (
                    "Delimiter" in where and bool(slash)
                )
        page = list(names.items())[: min(self.size, where.get("MaxKeys", 1000))]
        return {
            "IsTruncated": len(page) < len(names),
            "Contents": [{"Key": name} for name, is_prefix in page if not is_prefix],
            "CommonPrefixes": [{"Prefix": name} for name, is_prefix in page if is_prefix],
        }


@pytest.mark.parametrize(
    "keys",
    [
        [f"{user:05d}/photo.jpg" for user in range(0, 100_000, 53)],
        [f"{n:05x}.jpg" for n in range(0, 16**5, 601)],
        [f"{day:03d}/{n}.jpg" for day in range(300) for n in range(5)],
        [
            f"2026/{month:02d}/{day:02d}/{n}.jpg"
            for month in range(1, 13)
            for day in range(28)
            for n in range(5)
        ],
        [f"{site}/{n * 7919 % 10_007:05d}/x" for site in "abc" for n in range(600)],
    ],
    ids=["a folder each", "flat", "days", "a tree", "some sites"],
)
@pytest.mark.parametrize("prefix", ["", "up/"])
def test_the_parts_are_of_similar_size(keys: list[str], prefix: str) -> None:
    keys = sorted(prefix + key for key in keys)
    bucket = Bucket(keys, size=100)
    cuts = Cutter(bucket, keys[99]).cuts(prefix, 32)
    parts = [
        sum(after < key <= upto for key in keys)
        for after, upto in itertools.pairwise([keys[99], *cuts, "\U0010ffff"])
    ]
    assert sum(parts) == len(keys) - 100
    assert max(parts) <= len(keys) / 5
    assert bucket.asked <= MAX_PROBES


@given(KEYS, st.integers(0, 8), st.integers(1, 5), st.data())
def test_cuts_ascend_past_where_the_listing_is(
    keys: list[str], wanted: int, size: int, data: st.DataObject
) -> None:
    after = data.draw(st.sampled_from(["", *keys]))
    bucket = Bucket(keys, size)
    cuts = Cutter(bucket, after).cuts("", wanted)
    assert [after, *cuts] == sorted({after, *cuts})
    assert len(cuts) <= wanted
    assert bucket.asked <= MAX_PROBES


def test_nothing_is_asked_for_no_cuts() -> None:
    bucket = Bucket(["a/1", "b/2"])
    assert Cutter(bucket, "").cuts("", 0) == []
    assert bucket.asked == 0


def test_the_next_character_is_one_that_utf_8_can_say() -> None:
    assert _following("a") == "b"
    assert _following("\ud7ff") == "\ue000"
    assert _following("\U0010ffff") == _following("") == ""
