"""Tests of batchkit.runs.collisions: pairs of sources with the same output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batchkit.errors import DataError
from batchkit.job import Task
from batchkit.planning.collisions import marker
from batchkit.planning.manifest import Source
from batchkit.runs.collisions import MAX_PAIRS, check, find
from batchkit.runs.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TASKS = (Task("thumb", "webp"), Task("large", "jpg"))
STEM = "{dir}/{stem}/{task}.{ext}"
NAME = "{dir}/{name}/{task}.{ext}"


def spooled(folder: Path, sources: Iterable[Source]) -> Spool:
    spool = Spool.within(folder)
    spool.write(sources)
    return spool


def of(*keys: str, bucket: str = "b") -> list[Source]:
    return [Source(bucket, key) for key in keys]


def test_two_sources_that_differ_in_their_suffix_only_are_refused_by_name(tmp_path: Path) -> None:
    spool = spooled(tmp_path, of("x/a.jpg", "x/b.jpg", "x/a.png"))
    with pytest.raises(DataError, match=r"s3://b/x/a\.jpg and s3://b/x/a\.png"):
        check(spool, STEM, TASKS, 1)


def test_sources_with_outputs_of_their_own_pass(tmp_path: Path) -> None:
    check(spooled(tmp_path, of("x/a.jpg", "x/b.jpg", "y/a.jpg")), STEM, TASKS, 1)


def test_a_template_with_the_whole_key_is_not_even_looked_up(tmp_path: Path) -> None:
    check(Spool.within(tmp_path / "nothing"), NAME, TASKS, 1)


def test_equal_keys_of_two_buckets_collide_whatever_the_template(tmp_path: Path) -> None:
    spool = spooled(tmp_path, of("x/a.jpg") + of("x/a.jpg", bucket="c"))
    with pytest.raises(DataError, match=r"s3://b/x/a\.jpg and s3://c/x/a\.jpg"):
        check(spool, NAME, TASKS, 2)


def test_a_source_that_is_listed_twice_does_not_collide_with_itself(tmp_path: Path) -> None:
    check(spooled(tmp_path, of("x/a.jpg", "x/a.jpg")), STEM, TASKS, 1)


def test_all_pairs_of_many_sources_are_found(tmp_path: Path) -> None:
    keys = [f"{n % 7}/{n}.{suffix}" for n in range(3000) for suffix in ("jpg", "png")]
    pairs = find(spooled(tmp_path, of(*keys)), marker(STEM, TASKS))
    found = {frozenset((one.key, other.key)) for one, other in pairs}
    assert found == {frozenset((f"{n % 7}/{n}.jpg", f"{n % 7}/{n}.png")) for n in range(3000)}


def test_an_error_names_some_pairs_and_says_that_there_are_more(tmp_path: Path) -> None:
    keys = [f"{n}.{suffix}" for n in range(100) for suffix in ("jpg", "png")]
    with pytest.raises(DataError) as caught:
        check(spooled(tmp_path, of(*keys)), STEM, TASKS, 1)
    assert str(caught.value.found).count(" and ") == MAX_PAIRS
    assert str(caught.value.found).endswith("…")


def test_outputs_of_different_tasks_can_collide_too(tmp_path: Path) -> None:
    tasks = (Task("b", "x"), Task("a-b", "x"))
    spool = spooled(tmp_path, of("d/s", "d/s-a"))
    with pytest.raises(DataError, match="overwrite"):
        check(spool, "{dir}/{name}-{task}.{ext}", tasks, 1)
