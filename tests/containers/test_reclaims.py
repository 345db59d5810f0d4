"""Two hundred containers on hosts that come and go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from support.containers import SMALL, TASKS, attempts, containers, count_writes, writes
from support.pictures import picture
from support.world import world

from batchkit.local.faults import parse

if TYPE_CHECKING:
    from docker import DockerClient


def test_two_hundred_children_with_every_fifth_reclaimed_make_every_variant_once(
    worker_image: str, engine: DockerClient
) -> None:
    keys = [f"uploads/{n:03d}.jpg" for n in range(67)]
    with world(SMALL, executor="docker", image=worker_image, faults=parse("spot=0.2,seed=7")) as photos:
        count_writes(photos)
        for key in keys:
            photos.put(key, picture(400, 300))
        deadline = time.monotonic() + 900
        while not photos.sandbox.stack.drain(60):
            assert time.monotonic() < deadline, "the children did not end"

        items = [item for key in keys for item in photos.items(key).values()]
        children = [
            attempts(photos, f"{job['jobId']}:{index}")
            for job in photos.jobs("photos-upload")
            for index in range(TASKS)
        ]
        made = writes(photos, "uploads/")
        runs = [photos.sandbox.ledger.run(run) for run in {item["run"] for item in items}]

    assert len(children) == 201
    assert [item["outcome"] for item in items] == ["done"] * 201
    assert len(made) == 201
    assert set(made.values()) == {1}, "a retry made again what was there"
    assert [(run or {}).get("state") for run in runs] == ["SUCCEEDED"] * 67
    lost = [a for tries in children for a in tries if "interrupted" in a["statusReason"]]
    assert len(lost) >= 20
    assert all(len(tries) > 1 or "exitCode" in tries[0]["container"] for tries in children)
    assert containers(photos, engine) == []
