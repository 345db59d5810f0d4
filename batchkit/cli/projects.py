"""Which project a command is about."""

from __future__ import annotations

import sys
from pathlib import Path

from batchkit import resources
from batchkit.project import FILE_NAME, Project, load

EXAMPLE = "examples/photos/batchkit.toml"


def load_here(config: Path | None) -> Project:
    """The project of `config`, else of the nearest batchkit.toml upwards. Raises ConfigError."""
    project = load(config, Path.cwd())
    # A job named `module:attribute` lies beside the file that names it.
    folder = str(project.path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return project


def load_or_example(config: Path | None) -> Project:
    """The same, or the example project where no batchkit.toml is found and none was asked for."""
    return load_here(config) if is_here(config) else load(resources.path(EXAMPLE), Path.cwd())


def is_here(config: Path | None) -> bool:
    """Whether a batchkit.toml was asked for, or is found from the current folder up."""
    here = Path.cwd()
    return config is not None or any((folder / FILE_NAME).is_file() for folder in (here, *here.parents))
