"""The calls that children make, against those that a plan counts on (batchkit.planning.cost)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import jobs
from support.calls import counted
from support.moto_world import World, bulk

from batchkit.planning.backfill import Found, Options, plan
from batchkit.planning.cost import WRITES_PER_REPORT, Machine, writes_per_item
from batchkit.worker import shard

if TYPE_CHECKING:
    from batchkit.planning.sizing import FanOut

RECIPE = jobs.recipe(["a", "b", "c"])
SOURCES = 4


@pytest.mark.parametrize(("fan_out", "per_child"), [("source", 6), ("task", 1)])
def test_a_run_makes_as_many_requests_as_it_was_planned_to_pay(
    world: World, fan_out: FanOut, per_child: int
) -> None:
    sources = [world.put(f"in/{number}.txt", b"x") for number in range(SOURCES)]
    found = Found(SOURCES, SOURCES, 3 * SOURCES, key_bytes=8 * SOURCES)
    options = Options(Machine("fargate", 1, 2048), 16, fan_out=fan_out, most_per_child=per_child)
    planned = plan("b-1", 0, recipe=RECIPE.digest, tasks=("a", "b", "c"), found=found, options=options)
    bill = {line.what: line.quantity for line in planned.cost.lines}
    world.submit(RECIPE, sources)
    with counted(world.clients) as calls:
        for child in range(planned.children):
            shard.load_recipe(world.objects, world.artifacts, RECIPE.digest)
            assert world.run(RECIPE, bulk(RECIPE, SOURCES, per_child, child)).code == 0
    assert calls["GetObject"] + calls["HeadObject"] == bill["S3 GET and HEAD"]
    assert calls["PutObject"] == bill["S3 PUT"]
    # One request each; a report may be billed as two.
    writes = calls["PutItem"] + calls["UpdateItem"]
    assert writes == bill["DynamoDB writes"] - (WRITES_PER_REPORT - 1) * planned.children
    assert set(calls) == {"GetObject", "HeadObject", "PutObject", "PutItem", "UpdateItem"}


@pytest.mark.parametrize("length", [10, 100, 400])
def test_an_items_record_takes_as_many_write_units_as_planned(world: World, length: int) -> None:
    source = world.put("x" * (length - 4) + ".txt", b"x")
    world.submit(RECIPE, [source])
    world.run(RECIPE, bulk(RECIPE, 1, 3))
    (size, *_) = [stored(item) for item in world.ledger.items(world.uploads, source.key)]
    assert -(-size // 1024) == writes_per_item(length)


def stored(item: dict[str, Any]) -> int:
    """The bytes of an item as DynamoDB counts them: names and values ("Item sizes and formats")."""
    return sum(len(name) + len(str(value).encode()) for name, value in item.items())
