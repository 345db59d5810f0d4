"""A job run on local files: no S3, no Batch, no ledger."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError, Rejected
from batchkit.job import Failure, Original, Output
from batchkit.local import files
from batchkit.planning.outputs import output_key
from batchkit.planning.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from batchkit.recipe import Recipe


@dataclass(frozen=True)
class Row:
    """One task of one file. Sizes in bytes; `milliseconds` since the result before it, decoding included."""

    source: str
    task: str
    outcome: Outcome
    source_bytes: int
    bytes: int = 0
    milliseconds: int = 0
    path: Path | None = None
    message: str = ""
    facts: dict[str, str | int | float] = field(default_factory=dict)


def preview(recipe: Recipe, template: str, photos: Iterable[Path], folder: Path) -> Iterator[Row]:
    """Make all tasks of all files into `folder`, one row each. Raises ConfigError for an unreadable file."""
    for photo in photos:
        try:
            body = photo.read_bytes()
        except OSError as error:
            raise ConfigError(
                "a file to preview cannot be read", found=str(error), expected="a readable file"
            ) from error
        yield from _one(recipe, template, Original(key=photo.name, body=body), folder)


def _one(recipe: Recipe, template: str, original: Original, folder: Path) -> Iterator[Row]:
    missing = {task.name: task.extension for task in recipe.tasks}
    size, started = len(original.body), time.perf_counter()
    try:
        for result in recipe.job.make(original, recipe.tasks):
            extension = missing.pop(result.task)
            if isinstance(result, Failure):
                yield _rejected(original, result.task, result.rejected)
                continue
            key = output_key(template, original.key, result.task, extension)
            path = files.write(folder, key, result.body)
            milliseconds, started = round(1000 * (time.perf_counter() - started)), time.perf_counter()
            yield _done(original, result, path, size, milliseconds)
    except Rejected as rejected:
        yield from (_rejected(original, task, rejected) for task in missing)


def _done(original: Original, result: Output, path: Path, size: int, milliseconds: int) -> Row:
    return Row(
        source=original.key,
        task=result.task,
        outcome=Outcome.DONE,
        source_bytes=size,
        bytes=len(result.body),
        milliseconds=milliseconds,
        path=path,
        facts=dict(result.facts),
    )


def _rejected(original: Original, task: str, rejected: Rejected) -> Row:
    return Row(
        source=original.key,
        task=task,
        outcome=Outcome.REJECTED,
        source_bytes=len(original.body),
        message=f"{rejected.error_class}: {rejected.message}",
    )
