"""Finding and reading batchkit.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from batchkit.errors import ConfigError
from batchkit.project.check import check
from batchkit.project.model import Project, in_file
from batchkit.project.tables import (
    Alarms,
    Backfill,
    Compute,
    Gallery,
    Identity,
    Job,
    Network,
    Output,
    Schedule,
    Storage,
    Upload,
)
from batchkit.typed import Step, decode, joined, shown

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "batchkit.toml"

Values = dict[str, Any]


class _Tables(Struct, kw_only=True, forbid_unknown_fields=True):
    """The file's tables, not yet typed: so that each error can name its table."""

    project: Values
    upload: Values
    output: Values
    compute: Values = {}
    network: Values = {}
    gallery: Values = {}
    schedule: Values = {}
    alarms: Values | None = None
    bulk: Values = {}
    storage: Values = {}
    job: Values


def load(path: Path | None, start: Path) -> Project:
    """The project of the file (or folder) `path`, or of the nearest batchkit.toml from `start` upwards.

    Raises ConfigError: no such file, not TOML, or not a project that could work.
    """
    file = _given(path) if path else _nearest(start)
    return parse(_read(file), file)


def parse(text: str, path: Path) -> Project:
    """The project of a file's text; `path` is for messages. Raises ConfigError."""
    return from_tables(_toml(text, path), path)


def from_tables(document: Values, path: Path) -> Project:
    """The project of the file's tables; `path` is for messages. Raises ConfigError."""
    try:
        project = _typed(document, path)
        check(project)
    except ConfigError as error:
        raise in_file(path, error) from error
    return project


def _given(path: Path) -> Path:
    return path / FILE_NAME if path.is_dir() else path


def _nearest(start: Path) -> Path:
    folders = [start.resolve(), *start.resolve().parents]
    for folder in folders:
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigError(
        f"no {FILE_NAME} found",
        found=f"none in {folders[0]} or any folder above it",
        expected=f"a {FILE_NAME} there, or --config FILE",
        fix="write one: docs/configuration.md has every key, `batchkit schema` describes them to editors",
    )


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read", found=error.strerror, expected="a readable file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not text",
            found=f"the byte 0x{error.object[error.start]:02x} at offset {error.start}",
            expected="TOML, which is UTF-8",
        ) from error


def _toml(text: str, path: Path) -> Values:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML", found=str(error), expected="TOML 1.0") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply", expected="a few levels") from error


def _typed(document: Values, path: Path) -> Project:
    tables = decode(document, _Tables, "")
    job = decode(tables.job, Job, "[job]")
    parameters = {name: value for name, value in tables.job.items() if name != "uses"}
    _check_plain(parameters)
    return Project(
        path=path,
        name=decode(tables.project, Identity, "[project]").name,
        upload=decode(tables.upload, Upload, "[upload]"),
        output=decode(tables.output, Output, "[output]"),
        compute=decode(tables.compute, Compute, "[compute]"),
        schedule=decode(tables.schedule, Schedule, "[schedule]"),
        alarms=None if tables.alarms is None else decode(tables.alarms, Alarms, "[alarms]"),
        uses=job.uses,
        parameters=parameters,
        network=decode(tables.network, Network, "[network]"),
        gallery=decode(tables.gallery, Gallery, "[gallery]"),
        bulk=decode(tables.bulk, Backfill, "[bulk]"),
        storage=decode(tables.storage, Storage, "[storage]"),
    )


def _check_plain(parameters: Values) -> None:
    """A recipe is stored as JSON, which has no dates and no infinite numbers."""
    for place, value in _leaves(parameters, ()):
        finite = not isinstance(value, float) or math.isfinite(value)
        if not finite or not isinstance(value, str | int | float):
            raise ConfigError(
                f"[job] {joined(place)} cannot be part of a recipe",
                found=f"{shown(value)} ({type(value).__name__})",
                expected="text, a finite number, true, false, or lists and tables of them",
            )


def _leaves(value: Any, place: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, (*place, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, (*place, index))
    else:
        yield place, value
