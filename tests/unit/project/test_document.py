"""The project as a document: all that a run depends on, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from support.projects import photos

from batchkit import canonical
from batchkit.errors import ConfigError, DataError
from batchkit.project import Schedule, document


def test_a_project_comes_back_as_it_was() -> None:
    project = photos(tasks=3)
    stored = document.encode(project)
    digest = canonical.digest(stored)
    found = document.decode(stored, digest)
    assert found == dataclasses.replace(project, path=Path(f"projects/{digest}.json"))
    assert found.recipe.digest == project.recipe.digest


def test_a_schedule_is_no_part_of_it() -> None:
    project = dataclasses.replace(photos(2), schedule=Schedule(sweep="rate(1 day)"))
    assert document.encode(project) == document.encode(photos(2))


def test_another_document_than_the_digest_says_is_refused() -> None:
    with pytest.raises(DataError, match="deploy again"):
        document.decode(document.encode(photos(2)), "0" * 64)


def test_another_format_is_refused() -> None:
    stored = canonical.encode({**json.loads(document.encode(photos(2))), "format": 2})
    with pytest.raises(DataError, match="another format"):
        document.decode(stored, canonical.digest(stored))


def test_what_this_version_does_not_know_is_refused_by_name() -> None:
    changed = json.loads(document.encode(photos(2)))
    changed["tables"]["compute"]["gpu"] = 1
    stored = canonical.encode(changed)
    with pytest.raises(ConfigError, match="gpu"):
        document.decode(stored, canonical.digest(stored))
