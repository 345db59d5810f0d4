"""Many runs that finish at the same time, at the local endpoint, where a write is one step."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from typing import TYPE_CHECKING

from support.gallery import House, item
from support.moto_world import World
from support.stack_world import running

from batchkit.aws.clients import Clients
from batchkit.gallery.changing import Files
from batchkit.gallery.due import Due
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = 200
CROWD = 60
TWICE = 20


def neighbours(bucket: str) -> Iterator[str]:
    """Keys whose rows all lie in one part of the index: nothing is as crowded as that."""
    keys = (f"{number}.jpg" for number in count())
    return (key for key in keys if names.gallery_part(names.source_id(bucket, key)) == "07")


def test_two_hundred_runs_that_finish_at_once_leave_a_complete_gallery() -> None:
    with running() as stack:
        house = House(World(Clients.of_environment(stack.stack.environment)))
        keys = list(islice(neighbours(house.world.uploads), CROWD))
        keys += [f"elsewhere/{number}.jpg" for number in range(EVENTS - CROWD)]
        for number, key in enumerate(keys):
            house.world.ledger.record_item(item(key, bucket=house.world.uploads, run=f"u-{number}"))
            house.ended(f"u-{number}", source=f"s3://{house.world.uploads}/{key}")
        house.files = Files(house.world.objects, house.world.outputs)

        dues = [Due(f"u-{number}") for number in [*range(EVENTS), *range(TWICE)]]
        with ThreadPoolExecutor(24) as pool:
            done = list(pool.map(lambda due: house.curator.update(due, lambda: 900.0), dues))

        assert Counter(one.sources for one in done) == {1: EVENTS + TWICE}
        rows = house.rows()
        assert set(rows) == set(keys)
        assert {row["rev"] for row in rows.values()} == {1}
        assert all(house.record(house.world.uploads, key) for key in keys[::4])
