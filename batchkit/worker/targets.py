"""Where the outputs of a source go, and which of them cannot go anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.errors import Rejected
from batchkit.planning.outputs import output_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchkit.job import Task
    from batchkit.planning.manifest import Source
    from batchkit.recipe import Recipe
    from batchkit.worker.assignment import Place
    from batchkit.worker.shard import Work


@dataclass(frozen=True)
class Target:
    """A task, the digest of what decides its bytes, and the key of its output."""

    task: Task
    digest: str
    key: str


def targets(recipe: Recipe, place: Place, work: Work) -> tuple[list[Target], dict[str, Rejected]]:
    """The targets of a source's tasks, and the tasks that have none, with the reason."""
    found: list[Target] = []
    refused: dict[str, Rejected] = {}
    for task in work.tasks:
        try:
            key = _key(recipe.tasks, place, work.source, task)
        except Rejected as error:
            refused[task.name] = error
        else:
            found.append(Target(task, recipe.task_digest(task), key))
    return found, refused


def _key(tasks: Sequence[Task], place: Place, source: Source, task: Task) -> str:
    key = output_key(place.template, source.key, task.name, task.extension)
    if (place.bucket, key) == (source.bucket, source.key):
        raise Rejected("OutputCollision", f"the output would overwrite its own source {key}")
    for earlier in tasks[: tasks.index(task)]:
        # A sibling may belong to another child, so the rule must not depend on who comes first.
        if output_key(place.template, source.key, earlier.name, earlier.extension) == key:
            raise Rejected("OutputCollision", f"task '{earlier.name}' already writes {key}")
    return key
