"""Tests of batchkit.runs.status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.moto_world import World, moto_clients

from batchkit.errors import DataError
from batchkit.planning.records import Item, RunEnd
from batchkit.planning.states import Counts, Outcome, RunState
from batchkit.runs.status import status

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with moto_clients() as clients:
        yield World(clients)


def bad(key: str) -> Item:
    return Item(
        "b", key, "thumb", Outcome.REJECTED, "r1", "0", 1, error_class="Corrupt", message="no picture"
    )


def test_a_finished_run_is_told_with_its_bad_items(world: World) -> None:
    world.ledger.record_items([bad("one"), bad("two"), bad("three")])
    end = RunEnd("r1", "bulk", RunState.PARTIAL, Counts(done=7, rejected=3, bytes=99), 10, "d" * 64, "job-1")
    world.ledger.finish(end)

    found = status(world.ledger, "r1", limit=2)

    assert (found.state, found.counts, found.sources) == (RunState.PARTIAL, end.counts, 10)
    assert len(found.bad) == 2
    assert found.as_json()["counts"]["rejected"] == 3


def test_a_run_that_has_only_items_yet_is_running(world: World) -> None:
    world.ledger.record_item(Item("b", "k", "t", Outcome.FAILED, "r2", "0", 1))

    assert status(world.ledger, "r2", limit=9).state is RunState.RUNNING


def test_an_unknown_run_is_an_error_that_says_what_to_do(world: World) -> None:
    with pytest.raises(DataError, match="knows no run 'r9'") as raised:
        status(world.ledger, "r9", limit=1)

    assert "region" in str(raised.value)
