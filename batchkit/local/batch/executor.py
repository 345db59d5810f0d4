"""The seam between Batch and what runs its containers.

An executor starts tasks and stops them; everything it has to say goes to its `Watcher`, from any thread,
in order for each task: `running` at most once, `output` any number of times, `finished` exactly once.
What Batch makes of an end (retries, states, events) is none of its business, so an executor can be wrapped
to add faults: change the `Exit` on its way to the watcher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.local.batch.model import Resources


@dataclass(frozen=True)
class Task:
    """One attempt, ready to run: `command` after `Ref::`, `environment` complete but for the executor's base.

    `container` is the merged wire-shaped ContainerDetail (user, readonlyRootFilesystem, linuxParameters…)
    for executors that can honour it.
    """

    id: str
    job_id: str
    attempt: int
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    resources: Resources
    container: Mapping[str, Any]
    log_group: str
    log_stream: str


@dataclass(frozen=True)
class Exit:
    """How a task ended. `code` is None when nobody saw it; `reason` is the container's, `status_reason` the
    task's when it is not simply that the container exited (`Host EC2 (instance i-…) terminated.`).
    """

    code: int | None
    reason: str | None = None
    status_reason: str | None = None


class Watcher(Protocol):
    """Who an executor reports to. No method raises or blocks for long."""

    def running(self, task_id: str) -> None:
        """The task's first process runs."""

    def output(self, task_id: str, data: bytes) -> None:
        """Bytes that the task wrote to stdout or stderr; empty at the end."""

    def finished(self, task_id: str, end: Exit) -> None:
        """The task is gone, with everything it started."""


class Executor(Protocol):
    """Runs tasks. All methods may be called from any thread and return at once, but for `close`."""

    def attach(self, watcher: Watcher) -> None:
        """Report to `watcher` from now on; called once, before the first task."""

    def start(self, task: Task) -> None:
        """Run `task`. A task that cannot be started is reported as finished, not raised."""

    def stop(self, task_id: str, grace: float) -> None:
        """SIGTERM now, SIGKILL after `grace` seconds. No effect on a task that is unknown or over."""

    def close(self) -> None:
        """Kill what still runs and release everything; nothing is reported any more."""
