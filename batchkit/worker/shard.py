"""What a child works on: the recipe, and its part of the run's sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit import recipe as recipes
from batchkit.aws.objects import Objects, url
from batchkit.errors import DataError
from batchkit.planning import manifest, names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchkit.job import Task
    from batchkit.planning.manifest import Source
    from batchkit.recipe import Recipe
    from batchkit.worker.assignment import Assignment


@dataclass(frozen=True)
class Work:
    """One source and those of its tasks that this child does."""

    source: Source
    tasks: tuple[Task, ...]


def load_recipe(objects: Objects, artifacts: str, digest: str) -> Recipe:
    """Raises DataError when it is missing or not what its name promises, ConfigError without its job."""
    key = names.recipe_key(digest)
    stored = objects.get(artifacts, key)
    if stored is None:
        raise _missing("recipe", artifacts, key)
    return recipes.parse(stored.body, digest)


def load(objects: Objects, artifacts: str, assignment: Assignment, tasks: Sequence[Task]) -> tuple[Work, ...]:
    """The child's work, in order; empty beyond the last item. Raises DataError for a damaged manifest.

    Two requests of a size that grows with the child's shard, not with the run.
    """
    slices = tuple(assignment.slices(len(tasks)))
    if not slices:
        return ()
    if assignment.upload is not None:
        sources: Sequence[Source] = (assignment.upload,)
    else:
        sources = _from_manifest(objects, artifacts, assignment, len(tasks))
    work = (
        Work(source, _wanted(source, tasks[part.first : part.stop], tasks))
        for part, source in zip(slices, sources, strict=True)
    )
    return tuple(one for one in work if one.tasks)


def _from_manifest(
    objects: Objects, artifacts: str, assignment: Assignment, tasks: int
) -> tuple[Source, ...]:
    wanted = assignment.shape(tasks).sources_of(assignment.child)
    first, stop = manifest.index_range(wanted)
    key = names.index_key(assignment.run)
    index = objects.get_range(artifacts, key, first, stop)
    if index is None:
        raise _missing("manifest's index", artifacts, key)
    manifest.check_index_size(index.size, assignment.sources)
    first, stop = manifest.read_offsets(index.body, wanted)
    key = names.manifest_key(assignment.run)
    lines = objects.get_range(artifacts, key, first, stop)
    if lines is None:
        raise _missing("manifest", artifacts, key)
    return manifest.read(lines.body, len(wanted))


def _wanted(source: Source, part: Sequence[Task], tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The tasks of a slice that the source asks for: all, unless the run is a retry that names some."""
    unknown = set(source.tasks) - {task.name for task in tasks}
    if unknown:
        raise DataError(
            f"the manifest asks for tasks of {url(source.bucket, source.key)} that the recipe does not have",
            found=", ".join(sorted(unknown)),
            expected=", ".join(task.name for task in tasks),
            fix="submit the run again",
        )
    return tuple(task for task in part if not source.tasks or task.name in source.tasks)


def _missing(what: str, bucket: str, key: str) -> DataError:
    return DataError(
        f"the {what} is missing",
        found=f"no object {url(bucket, key)}",
        fix="deploy again if it is a recipe; submit the run again if it is a manifest",
    )
