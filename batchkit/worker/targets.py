"""Where the outputs of a source go, and which of them cannot go anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.errors import Rejected
from batchkit.planning.outputs import output_key

if TYPE_CHECKING:
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
    wanted = {task.name for task in work.tasks}
    owners: dict[str, str] = {}
    # All, not only the wanted: a sibling may be another child's, and who comes first must not matter.
    for task in recipe.tasks:
        try:
            key = _key(place, work.source, task, owners)
        except Rejected as error:
            if task.name in wanted:
                refused[task.name] = error
        else:
            if task.name in wanted:
                found.append(Target(task, recipe.task_digest(task), key))
    return found, refused


def _key(place: Place, source: Source, task: Task, owners: dict[str, str]) -> str:
    """The key of a task's output, which is its own from now on. Raises Rejected."""
    key = output_key(place.template, source.key, task.name, task.extension)
    if (place.bucket, key) == (source.bucket, source.key):
        raise Rejected("OutputCollision", f"the output would overwrite its own source {key}")
    owner = owners.setdefault(key, task.name)
    if owner != task.name:
        raise Rejected("OutputCollision", f"task '{owner}' already writes {key}")
    return key
