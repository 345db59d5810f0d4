"""The files of a new project: an example of batchkit's own, under another name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit import resources
from batchkit.errors import ConfigError
from batchkit.project.tables import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_NAME = 31


@dataclass(frozen=True)
class Scaffold:
    """An example's folder, the name of its project, and its buckets by what they are for."""

    folder: str
    name: str
    buckets: tuple[str, ...]


IMAGES = Scaffold("examples/photos", "photos", ("originals", "variants"))
JOB = Scaffold("examples/checksums", "documents", ("originals", "checksums"))

# What using an example leaves behind in its folder.
_LEFTOVERS = frozenset({"__pycache__", ".pytest_cache", ".batchkit", "batchkit-demo", "batchkit-preview"})


def project_name(text: str) -> str:
    """A project's name from a folder's: `My Photos!` is `my-photos`. Raises ConfigError where none is."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")[:MAX_NAME].strip("-")
    if not re.fullmatch(NAME, name):
        raise ConfigError(
            "the folder's name gives no name for a project",
            found=text,
            expected="two letters or digits at least, the first one a letter",
            fix="choose one: batchkit init --name NAME",
        )
    return name


def files(scaffold: Scaffold, name: str, token: str) -> Mapping[str, bytes]:
    """The new project's files, by their path below its folder.

    Bucket names are shared by all AWS accounts, so `token` makes them the project's own.
    """
    home = resources.path(scaffold.folder)
    found = sorted(path for path in home.rglob("*") if path.is_file() and not _is_left_over(path, home))
    return {path.relative_to(home).as_posix(): _renamed(path, scaffold, name, token) for path in found}


def _is_left_over(path: Path, home: Path) -> bool:
    return bool(_LEFTOVERS & set(path.relative_to(home).parts))


def _renamed(path: Path, scaffold: Scaffold, name: str, token: str) -> bytes:
    text = path.read_text()
    for bucket in scaffold.buckets:
        text = text.replace(f'"{scaffold.name}-{bucket}"', f'"{name}-{bucket}-{token}"')
    text = text.replace(f'name = "{scaffold.name}"', f'name = "{name}"')
    text = text.replace(f"{scaffold.name}-worker", f"{name}-worker")
    # An example's own schema lies in batchkit's checkout.
    text = re.sub(r"\A#:schema .*\n", "", text)
    return re.sub(rf"\A# {scaffold.name}$", f"# {name}", text, flags=re.MULTILINE).encode()
