"""Tests of batchkit.local.preview."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from support.jobs import COPIES, THRIFTY

from batchkit import recipe
from batchkit.errors import ConfigError
from batchkit.local.preview import Row, explain, preview
from batchkit.planning.states import Outcome

TEMPLATE = "{name}/{task}.{ext}"


def rows(tmp_path: Path, **bodies: bytes) -> list[Row]:
    paths = []
    for name, body in bodies.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(body)
    made = recipe.load(COPIES, {"names": ["one", "two"]})
    return list(preview(made, TEMPLATE, paths, tmp_path / "out"))


def test_each_task_of_each_file_is_written_and_reported(tmp_path: Path) -> None:
    found = rows(tmp_path, a=b"A", b=b"B")

    assert [(row.source, row.task, row.outcome) for row in found] == [
        ("a", "one", Outcome.DONE),
        ("a", "two", Outcome.DONE),
        ("b", "one", Outcome.DONE),
        ("b", "two", Outcome.DONE),
    ]
    assert all(row.path is not None and len(row.path.read_bytes()) == row.bytes for row in found)


def test_a_rejected_file_has_a_row_a_task_with_the_reason_and_the_next_goes_on(tmp_path: Path) -> None:
    found = rows(tmp_path, bad=b"reject", good=b"G")

    assert Counter(row.outcome for row in found) == {Outcome.REJECTED: 2, Outcome.DONE: 2}
    assert {row.message for row in found if row.path is None} == {"NotWanted: the body says so"}


def test_a_file_that_cannot_be_read_is_an_error_with_its_name(tmp_path: Path) -> None:
    made = recipe.load(COPIES, {"names": ["one"]})

    with pytest.raises(ConfigError, match="cannot be read") as raised:
        list(preview(made, TEMPLATE, [tmp_path / "missing.jpg"], tmp_path))

    assert "missing.jpg" in str(raised.value)


def test_two_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "x.jpg", tmp_path / "b" / "x.jpg"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(path.parent.name.encode())
    made = recipe.load(COPIES, {"names": ["one"]})

    found = list(preview(made, "{dir}/" + TEMPLATE, paths, tmp_path / "out"))

    assert len({row.path for row in found}) == 2


@pytest.mark.parametrize(
    ("body", "outcomes"),
    [
        (b"crash", {"one": Outcome.DONE, "two": Outcome.FAILED}),
        (b"silent", {"one": Outcome.FAILED, "two": Outcome.FAILED}),
    ],
)
def test_a_job_that_breaks_down_fails_what_it_did_not_make(
    tmp_path: Path, body: bytes, outcomes: dict[str, Outcome]
) -> None:
    found = rows(tmp_path, a=body)

    assert {row.task: row.outcome for row in found} == outcomes
    assert all(row.message for row in found if row.outcome is Outcome.FAILED)


def test_a_job_explains_each_file_and_says_which_is_rejected(tmp_path: Path) -> None:
    for name in ("good", "reject"):
        (tmp_path / name).write_bytes(name.encode())
    made = recipe.load(THRIFTY, {"names": ["one", "two"]})

    found = list(explain(made, [tmp_path / "good", tmp_path / "reject"]))

    assert found == [
        {"file": "good", "step": "one", "how": "copied"},
        {"file": "good", "step": "two", "how": "copied"},
        {"file": "reject", "rejected": "NotWanted: the body says so"},
    ]


def test_a_job_that_does_not_explain_itself_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=COPIES):
        list(explain(recipe.load(COPIES, {"names": ["one"]}), [tmp_path / "a"]))
