"""Tests of batchkit.runs.duplicates: what a file names twice is in a run once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchkit.errors import DataError
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed
from batchkit.runs.duplicates import find

if TYPE_CHECKING:
    from pathlib import Path


def listed(*keys: str) -> list[Listed]:
    return [Listed(Source("b", key)) for key in keys]


def once(listed: list[Listed], folder: Path) -> list[str]:
    return [one.source.key for one in find(listed, folder).without(listed)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(keys=st.lists(st.sampled_from("abcdefg"), max_size=30))
def test_each_name_comes_once_at_its_first_place(tmp_path: Path, keys: list[str]) -> None:
    repeats = find(listed(*keys), tmp_path)
    assert once(listed(*keys), tmp_path) == list(dict.fromkeys(keys))
    assert repeats.count == len(keys) - len(set(keys))


def test_a_thousand_times_the_same_key_is_one_source(tmp_path: Path) -> None:
    keys = listed(*["a/001.jpg"] * 1000)
    assert once(keys, tmp_path) == ["a/001.jpg"]
    assert find(keys, tmp_path).count == 999


def test_equal_keys_of_two_buckets_are_different_sources(tmp_path: Path) -> None:
    assert find([*listed("k"), Listed(Source("c", "k"))], tmp_path).count == 0


def test_a_source_with_the_same_tasks_again_is_left_out_and_with_others_is_refused(tmp_path: Path) -> None:
    one = Listed(Source("b", "k", tasks=("thumb", "large")))
    same = Listed(Source("b", "k", tasks=("large", "thumb")))
    assert once([one, same], tmp_path) == ["k"]
    for other in (Listed(Source("b", "k", tasks=("thumb",))), Listed(Source("b", "k"))):
        with pytest.raises(DataError, match="s3://b/k is named twice"):
            once([one, other], tmp_path)
