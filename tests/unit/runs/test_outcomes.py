"""Tests of batchkit.runs.outcomes: the items that the ledger holds, and those that it cannot hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from support.calls import counted
from support.operating import Past
from support.submitting import sources

from batchkit.errors import DataError
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, Outcome, RunState, bulk_order
from batchkit.runs.manifests import Manifest
from batchkit.runs.outcomes import Outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.moto_world import World

    from batchkit.runs.results import Result

OOM = "OutOfMemoryError: Container killed due to memory usage"


def told(results: Iterable[Result]) -> list[tuple[str, str, str, str]]:
    return sorted((r.key[-6:-4], r.task, r.outcome, r.failure_class) for r in results)


def test_items_of_a_dead_child_have_failed_as_it_has(world: World) -> None:
    past = Past(world, sources(3))
    for source in past.sources[:2]:
        past.item(source, "a", Outcome.DONE)
    past.item(past.sources[0], "b", Outcome.FAILED)
    past.reported(0, done=1, failed=1)
    past.died(1, "Essential container in task exited", OOM, 137)
    past.ended()
    assert told(past.outcomes.bad()) == [
        ("00", "b", "failed", "recipe"),
        ("01", "b", "failed", "oom"),
        ("02", "a", "failed", "infrastructure"),
        ("02", "b", "failed", "infrastructure"),
    ]
    assert [r.outcome for r in past.outcomes.all()] == [
        "done",
        "failed",
        "done",
        "failed",
        "failed",
        "failed",
    ]


def test_while_a_run_goes_on_a_silent_child_is_not_a_dead_one(world: World) -> None:
    past = Past(world, sources(2))
    past.died(1, "Host EC2 (instance i-1) terminated.")
    assert {(key, kind) for key, _, _, kind in told(past.outcomes.bad())} == {("01", "spot")}
    assert [r.outcome for r in past.outcomes.all()] == ["", "", "failed", "failed"]


def test_what_the_manifest_does_not_ask_for_is_not_missing(world: World) -> None:
    some = [msgspec.structs.replace(source, tasks=("b",)) for source in sources(2)]
    past = Past(world, some)
    past.item(some[0], "b", Outcome.DONE)
    past.reported(0, done=1)
    past.ended()
    assert told(past.outcomes.bad()) == [("01", "b", "failed", "infrastructure")]
    assert len(list(past.outcomes.all())) == 2


def test_what_another_run_recorded_since_is_not_missing(world: World) -> None:
    past = Past(world, sources(1))
    (source,) = past.sources
    past.item(source, "a", Outcome.DONE, run="b-older", order=bulk_order(past.plan.started - 1))
    past.item(source, "b", Outcome.DONE, run="u-newer", order=bulk_order(past.plan.started + 1))
    past.ended()
    assert told(past.outcomes.bad()) == [("00", "a", "failed", "infrastructure")]


def test_one_task_a_child_is_counted_by_task(world: World) -> None:
    past = Past(world, sources(2), per_child=1)
    past.item(past.sources[0], "a", Outcome.DONE)
    past.item(past.sources[1], "b", Outcome.DONE)
    past.reported(0, done=1)
    past.reported(3, done=1)
    past.died(1, "Job attempt duration exceeded timeout")
    past.ended()
    expected = [("00", "b", "failed", "timeout"), ("01", "a", "failed", "infrastructure")]
    assert told(past.outcomes.bad()) == expected
    assert [r for r in told(past.outcomes.all()) if r[2] == "failed"] == expected


def test_a_manifest_of_more_than_a_block_is_read_whole(world: World) -> None:
    past = Past(world, sources(2300), per_child=2000)
    found = list(Manifest(world.objects, world.artifacts, past.run, 2300))
    assert found == list(past.sources)


def test_a_missing_manifest_and_an_unknown_run_are_errors(world: World) -> None:
    past = Past(world, sources(1))
    with pytest.raises(DataError, match="missing"):
        list(Manifest(world.objects, world.artifacts, "b-none", 3))
    past.plan = replace(past.plan, run="b-unknown")
    with pytest.raises(DataError, match="knows no run"):
        _ = past.outcomes


def test_the_items_of_an_upload_are_shown_as_they_are_whoever_did_them_last(world: World) -> None:
    past = Past(world, sources(1))
    source = past.sources[0]
    past.item(source, "a", Outcome.DONE)
    past.item(source, "b", Outcome.DONE, run="u-1")
    end = RunEnd(
        "u-1",
        "upload",
        RunState.SUCCEEDED,
        Counts(done=2),
        1,
        "d" * 64,
        "j",
        source=f"s3://{source.bucket}/{source.key}",
    )
    past.ledger.finish(end)
    found = Outcomes(past.ledger, world.objects, world.artifacts, "u-1")
    assert [(one.task, one.run) for one in found.all()] == [("a", past.run), ("b", "u-1")]


def test_all_items_are_looked_up_a_hundred_a_request_and_come_in_the_manifests_order(world: World) -> None:
    past = Past(world, sources(120), per_child=40)
    for source in past.sources[::3]:
        past.item(source, "a", Outcome.DONE)
    past.ended()
    with counted(world.clients) as calls:
        found = list(past.outcomes.all())
    assert [(one.key, one.task) for one in found] == [(one.key, t) for one in past.sources for t in "ab"]
    assert [one.outcome for one in found].count("done") == 40
    assert calls["BatchGetItem"] == 3
    # Retries and the reports' partitions: none of a source.
    assert calls["Query"] < 10
