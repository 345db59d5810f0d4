"""Tests of batchkit.project.model and batchkit.project.tables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import FrozenInstanceError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchkit.errors import ConfigError
from batchkit.job import Original, Output, Task, decode
from batchkit.planning.uploads import UploadRules
from batchkit.project import Project, load

Written = Callable[..., Project]


class StandIn:
    """Plans one text file per name."""

    version = "1"

    def plan(self, parameters: Mapping[str, Any]) -> Sequence[Task]:
        return [Task(name, "txt") for name in decode(parameters["names"], list[str], "[job] names")]

    def make(self, original: Original, tasks: Sequence[Task]) -> list[Output]:
        return [Output(task.name, original.body, "text/plain") for task in tasks]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stand_in_job", SimpleNamespace(job=StandIn()))  # type: ignore[arg-type]


def test_a_project_gives_its_recipe(written: Written) -> None:
    project = written()
    assert [task.name for task in project.recipe.tasks] == ["small", "large"]
    assert project.recipe.parameters == {"names": ["small", "large"]}
    assert project.recipe is project.recipe


def test_two_tasks_of_one_name_are_refused_with_the_file(written: Written) -> None:
    with pytest.raises(ConfigError, match=r"batchkit\.toml: two tasks have the same name"):
        _ = written(('"large"', '"small"')).recipe


def test_two_tasks_with_one_output_are_refused_with_the_file(written: Written) -> None:
    with pytest.raises(ConfigError, match=r"batchkit\.toml: \[output\] key gives two tasks") as raised:
        _ = written(("{task}", "all")).recipe
    assert "'small' and 'large'" in str(raised.value.found)


def test_what_the_job_refuses_is_reported_with_the_file(written: Written) -> None:
    with pytest.raises(ConfigError, match=r"batchkit\.toml: \[job\] names\[1\] has the wrong type") as raised:
        _ = written(('"large"', "7")).recipe
    assert (raised.value.found, raised.value.expected) == ("7 (an integer)", "text")


def test_a_project_gives_the_rules_of_its_uploads(written: Written) -> None:
    assert written().upload_rules == UploadRules("photos-originals", "uploads/", (".jpg",), 50_000_000)


def test_a_project_cannot_be_changed(written: Written) -> None:
    project = written()
    with pytest.raises(FrozenInstanceError):
        project.name = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        project.upload.prefix = "other/"  # type: ignore[misc]


@pytest.mark.parametrize(
    "example", sorted(Path(__file__).parents[3].glob("examples/*/batchkit.toml")), ids=str
)
def test_the_examples_are_good_projects(example: Path) -> None:
    assert load(example, Path("/")).upload_rules.suffixes
