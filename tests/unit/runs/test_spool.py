"""Tests of batchkit.runs.spool: a manifest on local disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batchkit.errors import DataError
from batchkit.planning.manifest import Source
from batchkit.runs.spool import BLOCK_LINES, Spool

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = [Source("b", f"uploads/ü {number}\u2028\n.jpg", size=number) for number in range(BLOCK_LINES + 7)]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    found = Spool.within(tmp_path)
    found.write(SOURCES)
    return found


def test_sources_come_back_in_their_order(spool: Spool) -> None:
    assert list(spool.sources()) == SOURCES


@pytest.mark.parametrize("number", [0, 1, BLOCK_LINES, len(SOURCES) - 1])
def test_one_source_is_found_through_the_index(spool: Spool, number: int) -> None:
    assert spool.source(number) == SOURCES[number]


def test_a_source_past_the_end_is_refused(spool: Spool) -> None:
    with pytest.raises(DataError):
        spool.source(len(SOURCES))


def test_a_whole_spool_passes_its_check(spool: Spool) -> None:
    spool.check(len(SOURCES))


def test_a_spool_of_another_run_is_refused(spool: Spool) -> None:
    with pytest.raises(DataError, match="number of sources"):
        spool.check(len(SOURCES) - 1)


def test_a_manifest_that_was_cut_short_is_refused(spool: Spool) -> None:
    spool.manifest.write_bytes(spool.manifest.read_bytes()[:-1])
    with pytest.raises(DataError, match="cut short"):
        spool.check(len(SOURCES))


def test_a_missing_manifest_is_refused(spool: Spool) -> None:
    spool.manifest.unlink()
    with pytest.raises(DataError, match="missing"):
        spool.check(len(SOURCES))


def test_writing_again_replaces_what_was_there(spool: Spool) -> None:
    spool.write(SOURCES[:2])
    spool.check(2)
    assert list(spool.sources()) == SOURCES[:2]
