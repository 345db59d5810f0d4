"""Tests of batchkit.runs.kept: a plan comes back as it was printed, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from support.jobs import recipe
from support.projects import photos
from support.submitting import plan, sources, spooled

from batchkit.errors import DataError
from batchkit.runs.kept import circumstances, load, save

if TYPE_CHECKING:
    from batchkit.planning.backfill import Plan
    from batchkit.runs.spool import Spool

RECIPE = recipe(["thumb", "large"])
HERE = {"project": "photos", "[compute] type": "fargate"}


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    (tmp_path / "spool").mkdir()
    return spooled(tmp_path / "spool", sources(2))


@pytest.fixture
def kept(spool: Spool, tmp_path: Path) -> Path:
    """The file of a plan of two sources."""
    save(planned(), spool, tmp_path / "later.json", HERE)
    return tmp_path / "later.json"


def planned() -> Plan:
    return plan(RECIPE, 2, run="b-1")


def test_a_saved_plan_comes_back_with_its_manifest(kept: Path, spool: Spool) -> None:
    spool.write([])
    loaded, beside = load(kept, RECIPE, HERE)
    assert loaded == planned()
    assert list(beside.sources()) == sources(2)


def test_a_saved_plan_of_another_recipe_is_refused(kept: Path) -> None:
    with pytest.raises(DataError, match="recipe has changed"):
        load(kept, recipe(["thumb", "large"], quality=1), HERE)


def test_a_saved_plan_for_something_else_is_refused_with_what_differs(kept: Path) -> None:
    with pytest.raises(DataError, match="made for something else") as caught:
        load(kept, RECIPE, {**HERE, "[compute] type": "ec2-spot"})
    assert (caught.value.found, caught.value.expected) == (
        "[compute] type: ec2-spot",
        "[compute] type: fargate",
    )


def test_what_a_plan_was_made_for_is_where_it_goes_and_what_it_runs_on() -> None:
    found = circumstances(photos(2, "fargate"), "photos-123456789012-us-east-1")
    assert found["[output] key"] == "{dir}/{stem}/{task}.{ext}"
    assert found["[compute] type"] == "fargate"
    assert found["artifacts bucket"] == "photos-123456789012-us-east-1"


@pytest.mark.parametrize("gone", ["later.manifest.idx", "later.manifest.jsonl"])
def test_a_saved_plan_without_its_manifest_is_refused(kept: Path, gone: str) -> None:
    (kept.parent / gone).unlink()
    with pytest.raises(DataError, match="missing"):
        load(kept, RECIPE, HERE)


def test_a_saved_plan_whose_manifest_was_edited_is_refused(kept: Path) -> None:
    """Its length is the same, so the index agrees."""
    manifest = kept.with_suffix(".manifest.jsonl")
    manifest.write_bytes(manifest.read_bytes().replace(b"in/00001", b"in/00009"))
    with pytest.raises(DataError, match="not the one that was planned"):
        load(kept, RECIPE, HERE)


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path / "none.json", RECIPE, HERE)


@pytest.mark.parametrize("text", [b"", b"{}", planned().to_json()])
def test_a_file_that_is_no_kept_plan_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "other.json").write_bytes(text)
    with pytest.raises(DataError, match="not a plan that was kept"):
        load(tmp_path / "other.json", RECIPE, HERE)


def test_saving_again_that_breaks_off_leaves_what_was_there(kept: Path, spool: Spool) -> None:
    before = sorted((path.name, path.read_bytes()) for path in kept.parent.glob("*later*"))
    with pytest.raises(TypeError):
        save(planned(), spool, kept, {"unwritable": object()})  # type: ignore[dict-item]
    assert sorted((path.name, path.read_bytes()) for path in kept.parent.glob("*later*")) == before
    assert msgspec.json.decode(kept.read_bytes())["made_for"] == HERE
