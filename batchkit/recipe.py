"""A recipe: which job, its parameters, and the tasks they stand for.

The document (canonical JSON) is stored under the SHA-256 of its bytes, so a job carries a pointer of
64 characters and what it points to cannot change. It names its tasks, so that a Lambda handler can
tell what a failed child should have made without loading the job.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from batchkit import canonical
from batchkit.errors import ConfigError, DataError
from batchkit.job import EXTENSION, TASK_NAME, Bounded, Job, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENTRY_POINTS = "batchkit.jobs"
FORMAT = 1


@dataclass(frozen=True)
class Recipe:
    """A job, its parameters and its tasks (at least one, names distinct, order fixed)."""

    uses: str
    parameters: Mapping[str, Any]
    job: Job
    tasks: tuple[Task, ...]

    @cached_property
    def document(self) -> bytes:
        """Canonical JSON: `{"format", "uses", "parameters", "tasks": [{"name", "extension"}]}`."""
        return canonical.encode(
            {
                "format": FORMAT,
                "uses": self.uses,
                "parameters": self.parameters,
                "tasks": [{"name": t.name, "extension": t.extension} for t in self.tasks],
            }
        )

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the document, 64 hexadecimal digits."""
        return canonical.digest(self.document)

    def task_digest(self, task: Task) -> str:
        """What decides the bytes of one task's output, as 64 hexadecimal digits.

        It leaves the other tasks out: changing one variant makes only that variant stale.
        """
        return self._task_digests[task.name]

    @cached_property
    def _task_digests(self) -> Mapping[str, str]:
        """By task: a worker asks for them with each source."""
        return {task.name: self._digest(task) for task in self.tasks}

    def _digest(self, task: Task) -> str:
        facts = {
            "uses": self.uses,
            "version": self.job.version,
            "extension": task.extension,
            "parameters": task.parameters,
        }
        return canonical.digest(canonical.encode(facts))

    def within(self, memory: int) -> Recipe:
        """The recipe with a job that keeps to so many bytes for a source, if it is one that can."""
        return replace(self, job=self.job.within(memory)) if isinstance(self.job, Bounded) else self


def load(uses: str, parameters: Mapping[str, Any]) -> Recipe:
    """Find the job and let it plan its tasks. Raises ConfigError."""
    job = find_job(uses)
    tasks = tuple(job.plan(parameters))
    _check_tasks(uses, tasks)
    return Recipe(uses=uses, parameters=parameters, job=job, tasks=tasks)


def parse(document: bytes, digest: str) -> Recipe:
    """The recipe of a stored document. Raises DataError when it is not what the digest says."""
    if canonical.digest(document) != digest:
        raise DataError(
            "the stored recipe is not the one its name promises",
            found=f"SHA-256 {canonical.digest(document)}",
            expected=f"SHA-256 {digest}",
            fix="deploy again: it writes the recipe anew",
        )
    stored = json.loads(document)
    recipe = load(stored["uses"], stored["parameters"])
    planned = [{"name": t.name, "extension": t.extension} for t in recipe.tasks]
    if planned != stored["tasks"]:
        raise DataError(
            f"job '{recipe.uses}' no longer plans the tasks that the recipe names",
            found=[t["name"] for t in planned],
            expected=[t["name"] for t in stored["tasks"]],
            fix="deploy again with the job version that the worker image carries",
        )
    return recipe


def task_names(document: bytes) -> tuple[str, ...]:
    """The names of a stored recipe's tasks, without loading the job."""
    return tuple(task["name"] for task in json.loads(document)["tasks"])


def find_job(uses: str) -> Job:
    """The job called `uses`: an entry point's name or `module:attribute`. Raises ConfigError."""
    found = _import_attribute(uses) if ":" in uses else _load_entry_point(uses)
    job = found() if isinstance(found, type) else found
    if not isinstance(job, Job):
        raise ConfigError(
            f"'{uses}' is not a job",
            found=f"{type(job).__name__} without all of: version, plan, make",
            expected="an object (or a class) with the face of batchkit.job.Job",
        )
    return job


def _load_entry_point(name: str) -> Any:
    points = importlib.metadata.entry_points(group=ENTRY_POINTS)
    known = sorted({point.name for point in points})
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise ConfigError(
            f"no job called '{name}' is installed",
            found=name,
            expected=f"one of {', '.join(known) or '(no job is installed)'}, or module:attribute",
            fix=f"did you mean '{near[0]}'?" if near else "pip install the package that brings the job",
        )
    return points[name].load()


def _import_attribute(uses: str) -> Any:
    module, _, attribute = uses.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"job '{uses}' cannot be imported",
            found=str(error),
            expected="module:attribute, importable from here",
            fix="check the spelling, and that the module is installed or in the current folder",
        ) from error


def _check_tasks(uses: str, tasks: Sequence[Task]) -> None:
    names = [task.name for task in tasks]
    if not names:
        raise ConfigError(f"job '{uses}' plans no task", found="0 tasks", expected="at least one")
    for task in tasks:
        if not TASK_NAME.fullmatch(task.name):
            raise ConfigError(
                "a task's name cannot be part of a key",
                found=repr(task.name),
                expected="a letter or digit, then at most 63 letters, digits, '.', '_' or '-'",
            )
        if not EXTENSION.fullmatch(task.extension):
            raise ConfigError(
                f"task '{task.name}' has an impossible file extension",
                found=repr(task.extension),
                expected="1 to 16 lower-case letters or digits, without a dot",
            )
        if names.count(task.name) > 1:
            raise ConfigError("two tasks have the same name", found=task.name, expected="distinct names")
