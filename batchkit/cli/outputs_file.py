"""`.batchkit/outputs.json` beside batchkit.toml: what the last deployment told, for other programs.

Names and ARNs, nothing secret; nothing of batchkit's needs the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.project import Project

FOLDER = ".batchkit"
FILE = "outputs.json"


def path(project: Project) -> Path:
    return project.path.resolve().parent / FOLDER / FILE


def write(project: Project, region: str | None, outputs: Mapping[str, str]) -> Path:
    """Write it, whole or not at all, and keep it out of git."""
    file = path(project)
    file.parent.mkdir(exist_ok=True)
    (file.parent / ".gitignore").write_text("*\n")
    facts = {"project": project.name, "region": region, "outputs": dict(outputs)}
    new = file.with_suffix(".new")
    new.write_text(json.dumps(facts, indent=2) + "\n")
    new.replace(file)
    return file


def read(project: Project) -> dict[str, Any]:
    """Raises ConfigError when nothing was deployed from this folder."""
    file = path(project)
    try:
        facts = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{file} cannot be read",
            found=str(error),
            fix="batchkit outputs asks AWS; batchkit deploy writes it",
        ) from error
    return dict(facts)


def remove(project: Project) -> None:
    path(project).unlink(missing_ok=True)
