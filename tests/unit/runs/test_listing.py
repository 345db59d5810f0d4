"""Tests of batchkit.runs.listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.operating import Past
from support.submitting import sources

from batchkit.runs.listing import latest

if TYPE_CHECKING:
    from support.moto_world import World


def test_a_run_is_a_line_before_and_after_its_end(world: World) -> None:
    past = Past(world, sources(3))
    (before,) = latest(past.ledger, "bulk", 5)
    assert (before.run, before.word, before.items, before.counts.items) == (past.run, "RUNNING", 6, 0)
    past.ledger.cancelled(past.run)
    past.ended()
    (after,) = latest(past.ledger, "bulk", 5)
    assert after.word == "PARTIAL (cancelled)"
    assert after.as_json()["sources"] == 3
