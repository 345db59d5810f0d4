"""Folders in the machine's temporary folder, for one process each.

A process that is killed cannot clean up. So each folder says in a file whose it is, and the next process
that makes one removes those of the dead.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from batchkit.local.docker import ownership

_MARK = "owner.json"


def make(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """A new folder whose name begins with `prefix`, after those of dead processes are gone."""
    sweep(prefix)
    folder = tempfile.TemporaryDirectory(prefix=prefix)
    owner = ownership.this_process(Path(folder.name).name)
    (Path(folder.name) / _MARK).write_text(json.dumps(owner.labels))
    return folder


def sweep(prefix: str) -> None:
    """Remove the folders that dead processes of this person have left; what cannot be removed stays."""
    for folder in abandoned(prefix):
        shutil.rmtree(folder, ignore_errors=True)


def abandoned(prefix: str) -> Iterator[Path]:
    """The folders of this person's dead processes whose names begin with `prefix`."""
    here = ownership.machine()
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        owner = _owner(folder)
        if owner is not None and ownership.is_orphan(owner, here, ownership.birth):
            yield folder


def _owner(folder: Path) -> ownership.Owner | None:
    """None for a folder that is still in the making, or another person's: all write into /tmp."""
    try:
        if folder.lstat().st_uid != os.getuid():
            return None
        labels = json.loads((folder / _MARK).read_text())
    except (OSError, ValueError):
        return None
    return ownership.read(labels) if isinstance(labels, dict) else None
