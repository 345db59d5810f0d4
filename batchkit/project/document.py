"""A project as one JSON document, stored under its digest: what a container knows of batchkit.toml.

Only what a run depends on is in it, with all defaults filled in: a changed alarm gives no other digest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from batchkit import canonical
from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.project.load import from_tables
from batchkit.project.model import Project

FORMAT = 1


def encode(project: Project) -> bytes:
    """Canonical JSON: `{"format", "tables"}`, the tables of batchkit.toml, sizes as numbers."""
    tables: dict[str, Any] = {
        "project": {"name": project.name},
        "upload": _plain(project.upload),
        "output": _plain(project.output),
        "compute": _plain(project.compute),
        "job": {"uses": project.uses, **project.parameters},
    }
    return canonical.encode({"format": FORMAT, "tables": tables})


def decode(document: bytes, digest: str) -> Project:
    """The project of a stored document. Raises DataError when it is not what the digest says, ConfigError
    when this version of batchkit does not accept it."""
    if canonical.digest(document) != digest:
        raise DataError(
            "the stored project is not the one its name promises",
            found=f"SHA-256 {canonical.digest(document)}",
            expected=f"SHA-256 {digest}",
            fix="deploy again: it writes the document anew",
        )
    stored = json.loads(document)
    if stored["format"] != FORMAT:
        raise DataError(
            "the stored project has another format",
            found=stored["format"],
            expected=FORMAT,
            fix="deploy again with the version of batchkit that the worker's image carries",
        )
    return from_tables(stored["tables"], Path(names.project_key(digest)))


def _plain(table: Any) -> Any:
    """A table as TOML would give it; a size is a number of bytes, or of MiB."""
    return msgspec.to_builtins(table, enc_hook=int)
