"""A job run on local files: no S3, no Batch, no ledger."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError, JobError, Rejected
from batchkit.job import Explained, Failure, Original, Output
from batchkit.local import files
from batchkit.planning.outputs import output_key
from batchkit.planning.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
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


def preview(recipe: Recipe, template: str, photos: Sequence[Path], folder: Path) -> Iterator[Row]:
    """Make all tasks of all files into `folder`, one row each, as a worker would.

    The outputs are told apart by the files' folders below the one that all have in common. Raises
    ConfigError for a file that cannot be read, is named twice, or has a name that no key can have.
    """
    for key, path in files.keys(photos).items():
        yield from _one(recipe, template, Original(key=key, body=files.read(path)), folder)


def explain(recipe: Recipe, photos: Sequence[Path]) -> Iterator[Mapping[str, str]]:
    """How the outputs of each file come about: rows of the job's own columns behind `file`.

    Raises ConfigError as `preview` does, and when the job explains nothing.
    """
    if not isinstance(recipe.job, Explained):
        raise ConfigError(
            f"the job '{recipe.uses}' does not explain itself",
            found=f"{type(recipe.job).__name__} without the method `explain`",
            expected="a job with the face of batchkit.job.Explained",
            fix="leave --explain out",
        )
    for key, path in files.keys(photos).items():
        try:
            rows = recipe.job.explain(Original(key=key, body=files.read(path)), recipe.tasks)
        except Rejected as error:
            rows = [{"rejected": str(error)}]
        yield from ({"file": key, **row} for row in rows)


def _one(recipe: Recipe, template: str, original: Original, folder: Path) -> Iterator[Row]:
    missing = {task.name: task.extension for task in recipe.tasks}
    try:
        for result, milliseconds in _results(recipe, original, missing):
            if isinstance(result, Failure):
                yield _bad(original, result.task, result.rejected)
                continue
            key = output_key(template, original.key, result.task, missing[result.task])
            yield _done(original, result, files.write(folder, key, result.body), milliseconds)
            del missing[result.task]
        if missing:
            raise JobError("the job made nothing for a task, and gave no reason", found=", ".join(missing))
    except (Rejected, Exception) as error:
        if isinstance(error, OSError):
            raise
        yield from (_bad(original, task, error) for task in missing)


def _results(
    recipe: Recipe, original: Original, wanted: Mapping[str, str]
) -> Iterator[tuple[Output | Failure, int]]:
    """What the job makes, and how many milliseconds each result took."""
    started = time.perf_counter()
    for result in recipe.job.make(original, recipe.tasks):
        if result.task not in wanted:
            raise JobError("the job made what nobody asked for, or made it twice", found=result.task)
        yield result, round(1000 * (time.perf_counter() - started))
        started = time.perf_counter()


def _done(original: Original, result: Output, path: Path, milliseconds: int) -> Row:
    return Row(
        source=original.key,
        task=result.task,
        outcome=Outcome.DONE,
        source_bytes=len(original.body),
        bytes=len(result.body),
        milliseconds=milliseconds,
        path=path,
        facts=dict(result.facts),
    )


def _bad(original: Original, task: str, error: BaseException) -> Row:
    """Rejected, or failed when the job broke down."""
    rejected = isinstance(error, Rejected)
    return Row(
        source=original.key,
        task=task,
        outcome=Outcome.REJECTED if rejected else Outcome.FAILED,
        source_bytes=len(original.body),
        message=f"{error.error_class}: {error.message}"
        if isinstance(error, Rejected)
        else f"{type(error).__name__}: {error}",
    )
