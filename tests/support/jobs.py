"""Tiny jobs for tests of the framework: what they do is written into the source's body."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from batchkit.job import Failure, Original, Output, Rejected, Task
from batchkit.recipe import Recipe

COPIES = "support.jobs:Copies"
PARKING = "support.jobs:Parking"
NOTHING = "support.jobs:Nothing"
THRIFTY = "support.jobs:Thrifty"

Hook = Callable[[Original, Task], None]


def nothing(original: Original, task: Task) -> None:
    """The hook of a job that nobody watches."""


class Copies:
    """One output a task: the task's name and the source's bytes. `hook` runs before each.

    What follows a dot in a task's name is its parameter.

    A body that begins with `reject`, `crash`, `exit`, `silent`, `foreign` or `one bad` misbehaves that way.
    """

    version = "1"

    def __init__(self, hook: Hook = nothing) -> None:
        self.hook = hook
        self.made: list[tuple[str, tuple[str, ...]]] = []

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        shared = {name: value for name, value in recipe.items() if name != "names"}
        return [Task(name, "txt", {**shared, "suffix": name.partition(".")[2]}) for name in recipe["names"]]

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        self.made.append((original.key, tuple(task.name for task in tasks)))
        for task in tasks:
            self.hook(original, task)
            result = self._result(original, task, is_first=task is tasks[0])
            if result is not None:
                yield result

    def _result(self, original: Original, task: Task, is_first: bool) -> Output | Failure | None:
        body = original.body
        if body.startswith(b"reject"):
            raise Rejected("NotWanted", "the body says so")
        if body.startswith(b"crash") and not is_first:
            raise ValueError("divided by zero\nat AKIAIOSFODNN7EXAMPLE")
        if body.startswith(b"exit"):
            raise SystemExit(0)
        if body.startswith(b"silent"):
            return None
        if body.startswith(b"foreign"):
            return Output("nobody-asked", b"", "text/plain")
        if body.startswith(b"one bad") and is_first:
            return Failure(task.name, Rejected("TooSmall", "for this task only"))
        facts = {
            "length": len(body),
            "ratio": 0.5,
            "word": body[:4].decode("ascii", "replace").strip("\ufffd"),
        }
        return Output(task.name, task.name.encode() + b":" + body, "text/plain", facts)


class Parking(Copies):
    """Stops in a source whose body is `park`, and creates the file `flag` of its recipe to say so.

    It goes on when a file `go on` appears beside it. Where `flag` was before, nothing is waited for.
    """

    def __init__(self) -> None:
        super().__init__(self._park)

    def _park(self, original: Original, task: Task) -> None:
        flag = Path(task.parameters["flag"])
        if original.body == b"park" and not flag.exists():
            flag.touch()
            while not (flag.parent / "go on").exists():
                time.sleep(0.02)


class Nothing(Copies):
    """One task whose output is empty: all that a child costs besides its job."""

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        return [Task("nothing", "txt", dict(recipe))]

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        yield from (Output(task.name, b"", "text/plain") for task in tasks)


def recipe(names: Sequence[str], hook: Hook = nothing, **parameters: Any) -> Recipe:
    """A recipe of `Copies` with these tasks, whose job is at hand as `.job`."""
    job = Copies(hook)
    everything = {"names": list(names), **parameters}
    return Recipe(uses=COPIES, parameters=everything, job=job, tasks=tuple(job.plan(everything)))


class Thrifty(Copies):
    """Copies that rejects every source, naming the bytes of memory that it may use; and explains itself."""

    memory = 0

    def within(self, memory: int) -> Thrifty:
        bounded = Thrifty()
        bounded.memory = memory
        return bounded

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        if self.memory:
            raise Rejected("TooMuchMemory", f"{self.memory} bytes are allowed")
        return super().make(original, tasks)

    def explain(self, original: Original, tasks: Sequence[Task]) -> Sequence[Mapping[str, str]]:
        if original.body.startswith(b"reject"):
            raise Rejected("NotWanted", "the body says so")
        return [{"step": task.name, "how": "copied"} for task in tasks]
