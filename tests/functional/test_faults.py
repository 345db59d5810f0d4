"""Both lanes while everything goes wrong at once: calls, events and hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.pictures import picture, size_and_format
from support.world import PROJECT, World, world

from batchkit.local.faults import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCHKIT = Path(sys.executable).parent / "batchkit"

EVERYTHING = parse(
    "throttle=0.05,error=0.1,spot=0.1,duplicate=0.3,reorder=0.3,seed=7,throttle@SubmitJob:1,lost@SubmitJob:2"
)
GOOD = {"thumb": "done", "small": "done", "mono": "done"}


@pytest.fixture(scope="module")
def photos() -> Iterator[World]:
    with world(faults=EVERYTHING) as running:
        yield running


def fates(photos: World, service: str) -> set[str]:
    """What became of calls on purpose."""
    return {t.data["fate"] for t in photos.traces if "fate" in t.data and t.data.get("service") == service}


def made(photos: World, key: str) -> dict[str, str]:
    """The outcomes of a source; `fresh` is `done` by the same upload's twin."""
    return {task: item["outcome"].replace("fresh", "done") for task, item in photos.items(key).items()}


def test_uploads_end_right(photos: World) -> None:
    keys = [f"uploads/{number}.jpg" for number in range(3)]
    for key in keys:
        photos.put(key, picture(200, 100))
    photos.put("uploads/bad.jpg", b"not a picture")
    photos.quiet()

    assert {key: made(photos, key) for key in keys} == dict.fromkeys(keys, GOOD)
    assert set(made(photos, "uploads/bad.jpg").values()) == {"rejected"}
    assert [size_and_format(photos.output(key, "mono") or b"") for key in keys] == [((160, 80), "PNG")] * 3
    runs = {item["run"] for key in keys for item in photos.items(key).values()}
    records = [photos.sandbox.ledger.run(run) for run in runs]
    assert Counter(record and record["state"] for record in records) == {"SUCCEEDED": len(runs)}
    assert all(photos.message(run) for run in runs)
    assert fates(photos, "s3") == fates(photos, "dynamodb") == {"throttled", "failed", "lost"}


def test_a_backfill_ends_right_and_no_array_is_submitted_twice(photos: World, tmp_path: Path) -> None:
    keys = [f"backfill/{number}.jpg" for number in range(2)]
    for key in keys:
        photos.put(key, picture(200, 100))
    (tmp_path / "batchkit.toml").write_text(PROJECT)
    source = f"s3://{photos.sandbox.project.upload.bucket}/backfill/"
    line = ("submit", source, "--fan-out", "task", "--wait", "--output", "json")
    done = subprocess.run(
        [BATCHKIT, *line],
        cwd=tmp_path,
        env={**os.environ, **photos.sandbox.stack.environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["end"]["state"] == "SUCCEEDED"
    assert {key: made(photos, key) for key in keys} == dict.fromkeys(keys, GOOD)
    assert [job["jobId"] for job in photos.jobs("photos-bulk")] == facts["jobs"]
    submitted = [t.data["fate"] for t in photos.traces if t.data.get("operation") == "SubmitJob"]
    assert submitted[:2] == ["throttled", "lost"]
