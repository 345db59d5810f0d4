"""CONTRIBUTING.md says how to add a thing: its files and lists are where it says, and hold what it says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import image_variants.filters
from batchkit.cli import main

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def rows() -> dict[str, tuple[str, str]]:
    """What to add: the file, the line."""
    cells = re.findall(r"^\| (an? [^|]+?) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
    return {what: (file, line) for what, file, line in cells}


def names(folder: str) -> set[str]:
    return {path.stem for path in (ROOT / folder).glob("[a-z]*.py")}


def test_there_is_a_row_for_each_kind_of_thing() -> None:
    assert set(rows()) >= {"a command", "an image filter", "a job", "a rule", "an error", "a decision"}


@pytest.mark.parametrize("what", rows())
def test_every_path_that_a_row_names_is_there(what: str) -> None:
    text = " ".join(rows()[what])
    paths = {path for path in re.findall(r"`([\w./<>-]+(?:/|\.\w+))`", text) if "/" in path or "." in path}
    assert paths
    for path in paths:
        fixed = re.split(r"[^/]*(?:<|NNNN)", path)[0]
        assert (ROOT / fixed).exists(), path


def test_every_command_is_a_file_and_a_line() -> None:
    assert set(main.COMMANDS) <= names("batchkit/cli")


def test_every_filter_is_a_file_and_a_line() -> None:
    assert set(image_variants.filters.FILTERS) == names("jobs/image_variants/filters")


def test_every_job_is_a_folder_and_an_entry_point() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["batchkit.jobs"]
    folders = {path.parent.name for path in (ROOT / "jobs").glob("*/__init__.py")}
    assert {value.partition(":")[0] for value in points.values()} == folders


def test_every_rule_has_samples_of_both_kinds() -> None:
    rules = set(
        re.findall(
            r'^      Name: !Sub "\$\{Project\}-([a-z-]+)"$',
            (ROOT / "eventbridge/rules.yaml").read_text(),
            re.MULTILINE,
        )
    )
    folders = {path.name for path in (ROOT / "eventbridge/events").iterdir() if path.name != "schemas"}
    assert folders
    assert folders <= rules
    for folder in folders:
        assert list((ROOT / "eventbridge/events" / folder / "match").glob("*.json"))
        assert list((ROOT / "eventbridge/events" / folder / "miss").glob("*.json"))


@pytest.mark.parametrize("path", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_is_short_numbered_and_dated(path: Path) -> None:
    text = path.read_text()
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", path.stem)
    assert text.startswith(f"# {int(path.stem[:4])}. ")
    assert re.search(r"^20\d\d-\d\d-\d\d ", text, re.MULTILINE)


def test_no_two_decisions_share_a_number() -> None:
    numbers = [path.stem[:4] for path in (ROOT / "docs/decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers))
