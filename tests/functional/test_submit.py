"""`batchkit submit` against the local stack: plan, submit, wait, interrupt, repeat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.pictures import picture
from support.world import PROJECT, World, world

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = 5
BATCHKIT = Path(sys.executable).parent / "batchkit"
SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture(scope="module")
def photos() -> Iterator[World]:
    with world() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "batchkit.toml").write_text(PROJECT)
    return tmp_path


def fill(photos: World, prefix: str, count: int = SOURCES) -> str:
    """Sources that no rule reacts to."""
    for number in range(count):
        photos.put(f"{prefix}/{number} ü.jpg", picture(80, 60))
    return f"s3://{photos.sandbox.project.upload.bucket}/{prefix}/"


def batchkit(
    photos: World, folder: Path, *arguments: str, typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    return start(photos, folder, str(BATCHKIT), *arguments, typed=typed)


def start(
    photos: World, folder: Path, *line: str, typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """A process in an empty folder, with the stack's variables."""
    environment = {**os.environ, **photos.sandbox.stack.environment, "PYTHONPATH": str(SUPPORT.parent)}
    return subprocess.run(
        line,
        cwd=folder,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_prefix_is_planned_submitted_and_waited_for(photos: World, folder: Path) -> None:
    source = fill(photos, "backfill")
    done = batchkit(photos, folder, "submit", source, "--wait", "--yes", "--output", "json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["end"]["state"] == "SUCCEEDED"
    assert facts["end"]["counts"]["done"] == 3 * SOURCES
    assert len(facts["jobs"]) == facts["plan"]["calls"] == 1
    assert {i["outcome"] for i in photos.items("backfill/0 ü.jpg").values()} == {"done"}
    again = batchkit(photos, folder, "submit", source, "--changed-only", "--output", "json")
    assert json.loads(again.stdout)["plan"]["tally"]["fresh"] == SOURCES
    assert json.loads(again.stdout)["jobs"] == []


def test_a_dry_run_changes_nothing(photos: World, folder: Path) -> None:
    source = fill(photos, "dry")
    before = photos.jobs("photos-bulk")
    done = batchkit(photos, folder, "submit", source, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "SubmitJob" in done.stdout
    assert "Nothing was changed" in done.stdout
    assert photos.jobs("photos-bulk") == before


def test_keys_come_from_standard_input(photos: World, folder: Path) -> None:
    fill(photos, "stdin")
    keys = "".join(f"stdin/{number} ü.jpg\n" for number in range(2))
    line = ("submit", "--manifest", "-", "--wait", "--output", "json", "--fan-out", "task")
    done = batchkit(photos, folder, *line, typed=keys)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["plan"]["children"], facts["end"]["counts"]["done"]) == (6, 6)


def test_a_plan_is_kept_and_submitted_once(photos: World, folder: Path) -> None:
    source = fill(photos, "kept")
    kept = batchkit(photos, folder, "submit", source, "--save", "plan.json", "--output", "json")
    assert kept.returncode == 0, kept.stderr
    line = ("submit", "--plan", "plan.json", "--wait", "--output", "json")
    first, second = (json.loads(batchkit(photos, folder, *line).stdout) for _ in range(2))
    assert first["run"] == json.loads(kept.stdout)["plan"]["run"]
    assert first["jobs"] == second["jobs"]
    assert first["end"]["state"] == second["end"]["state"] == "SUCCEEDED"
    changed = PROJECT.replace("quality = 80", "quality = 70")
    (folder / "batchkit.toml").write_text(changed)
    refused = batchkit(photos, folder, *line)
    assert refused.returncode == 65
    assert "recipe has changed" in refused.stderr


def test_a_run_that_costs_too_much_is_refused(photos: World, folder: Path) -> None:
    source = fill(photos, "dear")
    done = batchkit(photos, folder, "submit", source, "--max-cost", "0")
    assert done.returncode == 65
    assert "--max-cost" in done.stderr
    assert photos.items("dear/0 ü.jpg") == {}


def test_a_canary_runs_first_and_the_rest_follows(photos: World, folder: Path) -> None:
    source = fill(photos, "canary", 12)
    line = ("submit", source, "--canary", "40%", "--wait", "--output", "json")
    done = batchkit(photos, folder, *line)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert 0 < facts["plan"]["sources"] < 12
    photos.quiet()
    for number in range(12):
        assert {i["outcome"] for i in photos.items(f"canary/{number} ü.jpg").values()} == {"done"}


def test_a_canary_that_goes_wrong_stops_the_rest(photos: World, folder: Path) -> None:
    source = fill(photos, "sick", 12)
    for number in range(12):
        photos.put(f"sick/{number} ü.jpg", b"not a picture")
    done = batchkit(photos, folder, "submit", source, "--canary", "40%", "--wait")
    assert done.returncode == 65
    assert "the rest was not submitted" in done.stderr
    assert any(not photos.items(f"sick/{number} ü.jpg") for number in range(12))
