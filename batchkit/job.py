"""What a job author imports: the face between the framework and a job.

A job turns the parameters of a recipe into a fixed, ordered tuple of tasks, and makes the outputs
of any of those tasks from one source. It knows nothing of S3, Batch or the ledger:

    class Checksums:
        version = "1"

        def plan(self, recipe):
            return [Task(name=a, extension="txt", parameters={"algorithm": a}) for a in recipe["algorithms"]]

        def make(self, original, tasks):
            for task in tasks:
                text = hashlib.new(task.parameters["algorithm"], original.body).hexdigest()
                yield Output(task=task.name, body=text.encode(), content_type="text/plain")

A job is found by an entry point of the group `batchkit.jobs` or by `module:attribute`; either names
a job object or a class that is called without arguments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

from batchkit.errors import ConfigError, Rejected
from batchkit.typed import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "Bounded",
    "ConfigError",
    "Described",
    "Equipped",
    "Explained",
    "Failure",
    "Job",
    "Original",
    "Output",
    "Rejected",
    "Samples",
    "Task",
    "decode",
    "recipe_schema",
]

# A task's name becomes part of S3 keys, DynamoDB keys, log lines and file names.
TASK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
EXTENSION = re.compile(r"[a-z0-9]{1,16}")


@dataclass(frozen=True)
class Task:
    """One output to make from a source.

    `parameters` is JSON-able and holds everything that decides the output's bytes: its digest, with
    the job's name and version, tells whether an existing output is still up to date. `conditions` (also
    JSON-able) decides only whether a source is accepted, never the bytes: it is left out of the digest,
    so that raising a limit re-makes nothing that exists.
    """

    name: str
    extension: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Original:
    """The source as a job sees it: its key (raw, not URL-encoded) and all its bytes."""

    key: str
    body: bytes


@dataclass(frozen=True)
class Output:
    """What one task made. `facts` (such as width and height) go to the ledger and the object's metadata.

    Fact names are lower-case words of at most 32 ASCII letters, digits and hyphens; fact values are
    numbers, or ASCII strings of at most 256 characters.
    """

    task: str
    body: bytes
    content_type: str
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


@runtime_checkable
class Job(Protocol):
    """A kind of work. Raise the version when the same parameters would make other bytes."""

    version: str

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        """The tasks of a recipe, in a fixed order, at least one. Raises ConfigError on a bad recipe."""
        ...

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterable[Output | Failure]:
        """One result per task, yielded as soon as it is ready, in any order.

        Raises Rejected when the source can never be processed: every task that has no result yet
        is then rejected. Any other exception makes those tasks `failed`, which may be retried.
        """
        ...


@dataclass(frozen=True)
class Failure:
    """A task that can never be made from this source, while its siblings can."""

    task: str
    rejected: Rejected


@runtime_checkable
class Bounded(Protocol):
    """A job that can tell beforehand how much memory a source takes, and reject one that takes too much."""

    def within(self, memory: int) -> Job:
        """The same job, with so many bytes for one call of `make`, the original's among them."""
        ...


@runtime_checkable
class Explained(Protocol):
    """A job that can tell how it makes its outputs, for `batchkit preview --explain`."""

    def explain(self, original: Original, tasks: Sequence[Task]) -> Sequence[Mapping[str, str]]:
        """A row a step, all with the same keys, which become the columns. Raises Rejected as `make` does."""
        ...


@runtime_checkable
class Equipped(Protocol):
    """A job that works with what it finds on a machine, and can tell what that is."""

    def equipment(self) -> Mapping[str, str]:
        """What it has chosen, by what it is for (`resizer`: `libvips`); for `batchkit doctor --local`."""
        ...


@runtime_checkable
class Described(Protocol):
    """A job that can describe its recipe, so that editors complete and check [job] of batchkit.toml."""

    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the recipe, an object; `recipe_schema` makes it of a msgspec Struct."""
        ...


def recipe_schema(recipe: type) -> dict[str, Any]:
    """The JSON Schema of a recipe's type: its properties at the top, what they refer to under `$defs`."""
    made = msgspec.json.schema(recipe)
    definitions = made["$defs"]
    return {**definitions.pop(recipe.__name__), "$defs": definitions}


@runtime_checkable
class Samples(Protocol):
    """A job that can generate sample sources, for demos and tests."""

    def samples(self, folder: Path, seed: int) -> list[Path]:
        """Write a handful of sample sources, the same for the same seed, and return their paths."""
        ...
