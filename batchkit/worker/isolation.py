"""A job whose `make` runs in cells: whatever it does to its process, a source costs at most its own items.

A cell that ends in the middle is started again, and what is left of the source is tried once more, each task
alone: so a crash costs the item that it belongs to. The second crash of an item is final.
"""

from __future__ import annotations

import queue
import sys
from typing import TYPE_CHECKING, Any

from batchkit.errors import Rejected
from batchkit.job import Failure, Output
from batchkit.worker import nursery, wire
from batchkit.worker.cell import Broken, Cell, Limits
from batchkit.worker.inmate import Inmate
from batchkit.worker.items import JobRaised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from batchkit.job import Original, Task
    from batchkit.recipe import Recipe

# Error classes that planning.failures knows: the first two reject, the third is retried with more memory.
CRASHED, TIMEOUT, OUT_OF_MEMORY = "Crashed", "Timeout", "OutOfMemory"


class Isolated:
    """Has the face of a job. `lanes`: how many sources are made at the same time."""

    def __init__(self, recipe: Recipe, *, lanes: int, limits: Limits) -> None:
        """Only for a process without threads: it forks."""
        self._job = recipe.job
        self.version = recipe.job.version
        tasks = {task.name: task for task in recipe.tasks}
        self._nursery = nursery.start(Inmate(recipe.job, tasks, limits.cpu_seconds).run)
        self._cells: queue.LifoQueue[Cell] = queue.LifoQueue()
        self._lanes = lanes
        for _ in range(lanes):
            self._cells.put(Cell(self._nursery, limits))

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        """The job's own."""
        return self._job.plan(recipe)

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        """See batchkit.job.Job. Raises Rejected, JobRaised for all else that the job raises and for a lack of
        memory, InternalError when no more cells can be started."""
        cell = self._cells.get()
        try:
            yield from _make(cell, original, tasks)
        finally:
            self._cells.put(cell)

    def close(self) -> None:
        """End all cells; none may be in use."""
        for _ in range(self._lanes):
            self._cells.get().close()
        self._nursery.close()


def is_possible() -> bool:
    """Whether this system can isolate: Linux has memory files, and ends processes with their parents."""
    return sys.platform == "linux"


def _make(cell: Cell, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
    left = [task.name for task in tasks]
    try:
        for result in _ask(cell, original, left):
            if result.task in left:
                left.remove(result.task)
            yield result
    except Broken as broken:
        if broken.kind == "time":
            raise Rejected(TIMEOUT, f"making it was given up: {broken.how}") from broken
    else:
        return
    yield from _make_each(cell, original, left)


def _make_each(cell: Cell, original: Original, left: Sequence[str]) -> Iterator[Output | Failure]:
    """One task after the other; what fails is reported when all had their turn."""
    failed: list[JobRaised] = []
    for name in left:
        try:
            yield from _ask(cell, original, [name])
        except Rejected as rejected:
            yield Failure(name, rejected)
        except JobRaised as error:
            failed.append(error)
        except Broken as broken:
            if broken.kind == "memory":
                failed.append(JobRaised(OUT_OF_MEMORY, f"making it needs more memory: {broken.how}"))
            else:
                yield Failure(name, _final(broken))
    if failed:
        raise failed[0]


def _final(broken: Broken) -> Rejected:
    if broken.kind == "time":
        return Rejected(TIMEOUT, f"making it was given up: {broken.how}")
    return Rejected(CRASHED, f"the process that made it broke down, twice: {broken.how}")


def _ask(cell: Cell, original: Original, tasks: Sequence[str]) -> Iterator[Output | Failure]:
    for answer in cell.ask(original.key, original.body, tuple(tasks)):
        if isinstance(answer, wire.Made):
            yield Output(answer.task, answer.body, answer.content_type, answer.facts)
        elif isinstance(answer, wire.Refused):
            yield Failure(answer.task, Rejected(answer.error_class, answer.message))
        elif answer.rejected:
            raise Rejected(answer.error_class, answer.message)
        else:
            raise JobRaised(answer.error_class, answer.message, answer.traceback)
