"""Tests of batchkit.runs.sweep: what it leaves alone, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from support.calls import counted
from support.jobs import recipe
from support.moto_world import RUN, bulk
from support.projects import photos

from batchkit.planning.records import Item, RunEnd
from batchkit.planning.states import Counts, Outcome, RunState
from batchkit.runs.classify import State
from batchkit.runs.sweep import Sweep, request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.moto_world import World

    from batchkit.planning.manifest import Source

RECIPE = recipe(["a", "b"])


@pytest.fixture
def swept(world: World) -> Sweep:
    """The sweep of a project of RECIPE, whose buckets are the world's."""
    project = photos(2)
    output = msgspec.structs.replace(project.output, bucket=world.outputs, key=world.place.template)
    upload = msgspec.structs.replace(project.upload, bucket=world.uploads, prefix="", suffixes=(".txt",))
    object.__setattr__(project, "output", output)
    object.__setattr__(project, "upload", upload)
    object.__setattr__(project, "recipe", RECIPE)
    return Sweep(project=project, clients=world.clients, artifacts=world.artifacts, table=world.table)


def made(world: World, *keys: str) -> list[Source]:
    sources = [world.put(key, b"1") for key in keys]
    world.submit(RECIPE, sources)
    assert world.run(RECIPE, bulk(RECIPE, len(keys), 2 * len(keys))).code == 0
    return sources


def rejected(world: World, source: Source, *tasks: str, by: str = RECIPE.digest, run: str = RUN) -> None:
    world.ledger.finish(RunEnd(run, "bulk", RunState.PARTIAL, Counts(rejected=2), 1, by, "job"))
    for task in tasks:
        item = Item(source.bucket, source.key, task, Outcome.REJECTED, run, "~", 2**33, source.etag)
        assert world.ledger.record_item(item)


def verdicts(sweep: Sweep, sources: Sequence[Source]) -> list[tuple[str, State, tuple[str, ...]]]:
    found = sweep._classifier().classify(sources)
    return [(one.source.key, one.state, one.source.tasks) for one in found]


def test_what_is_fresh_costs_no_request_of_the_ledger(world: World, swept: Sweep) -> None:
    fresh = made(world, *(f"{number}.txt" for number in range(5)))
    missing = world.put("missing.txt", b"1")
    with counted(world.clients) as calls:
        states = [state for _, state, _ in verdicts(swept, [*fresh, missing])]
    assert states == 5 * [State.FRESH] + [State.NEW]
    assert calls == {"HeadObject": 12, "Query": 1}


def test_what_the_recipe_rejected_of_the_same_bytes_is_left_alone(world: World, swept: Sweep) -> None:
    bad, half, (mended,) = world.put("bad.txt", b"1"), world.put("half.txt", b"1"), made(world, "mended.txt")
    rejected(world, bad, "a", "b")
    rejected(world, half, "a")
    world.objects.delete(world.outputs, "mended/a.txt")
    rejected(world, mended, "a")
    # Whose only missing output is settled is fresh, as it counts where nothing is missing.
    assert verdicts(swept, [bad, half, mended]) == [
        ("half.txt", State.NEW, ("b",)),
        ("mended.txt", State.FRESH, ()),
    ]


def test_what_was_rejected_of_other_bytes_or_by_another_recipe_is_tried_again(
    world: World, swept: Sweep
) -> None:
    changed, other = world.put("changed.txt", b"1"), world.put("other.txt", b"1")
    rejected(world, changed, "a", "b")
    changed = world.put("changed.txt", b"2")
    rejected(world, other, "a", "b", by="d" * 64, run="b-of-another-recipe")
    assert verdicts(swept, [changed, other]) == [
        ("changed.txt", State.NEW, ()),
        ("other.txt", State.NEW, ()),
    ]


def test_a_plan_is_billed_the_requests_that_it_took(world: World, swept: Sweep, tmp_path: Path) -> None:
    fresh = made(world, "1.txt", "2.txt")
    bad = world.put("bad.txt", b"1")
    rejected(world, bad, "a", "b")
    with counted(world.clients) as calls:
        prepared = swept.rehearse(request(swept.project), tmp_path, lambda: False)
    bill = {line.what: line.quantity for line in prepared.plan.cost.lines}
    assert prepared.plan.tally.fresh == len(fresh)
    assert (bill["S3 HEAD, to plan"], calls["HeadObject"]) == (6, 6)
    assert (bill["DynamoDB reads"], calls["Query"]) == (1, 1)
