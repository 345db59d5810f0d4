"""A project's file for the tests of batchkit.project: a good one, and changes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from batchkit.project.load import parse
from batchkit.project.model import Project

GOOD = """\
[project]
name = "photos"

[upload]
bucket = "photos-originals"
prefix = "uploads/"
suffixes = [".jpg"]
max_bytes = "50 MB"

[output]
bucket = "photos-variants"
key = "{dir}/{name}/{task}.{ext}"

[compute]
type = "fargate-spot"
max_vcpus = 16
vcpus = 1
memory = "2 GB"

[job]
uses = "stand_in_job:job"
names = ["small", "large"]
"""

Written = Callable[..., Project]


@pytest.fixture
def good() -> str:
    """The text of a good batchkit.toml."""
    return GOOD


@pytest.fixture
def written() -> Written:
    """The project of the good file after replacements: written(("old", "new"), …)."""

    def parsed(*changes: tuple[str, str]) -> Project:
        text = GOOD
        for old, new in changes:
            assert old in text, f"{old!r} is not in the file"
            text = text.replace(old, new)
        return parse(text, Path("batchkit.toml"))

    return parsed
