"""One task's container, from its creation to its removal: a straight line, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from batchkit.local.batch.executor import Exit
from batchkit.local.batch.model import START_FAILED, host_terminated
from batchkit.local.docker.engine import EngineLost, NoImage, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.local.batch.executor import Watcher
    from batchkit.local.docker.engine import End, Engine, Output

_log = logging.getLogger(__name__)

# The ECS agent's name for it, as CloudWatch and the console show it.
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


class _NotStarted(Exception):
    """There is no running container; the text is the container's reason, empty for a stop that came first."""


class Container:
    """`run` it once; `stop` it from any thread, at any time."""

    def __init__(self, engine: Engine, task_id: str, options: Mapping[str, Any], *, instance: str) -> None:
        """`instance` (`i-…`) is the host that the engine plays."""
        self._engine = engine
        self._task_id = task_id
        self._options = options
        self._instance = instance
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._id: str | None = None
        self._running: str | None = None
        self._grace: float | None = None

    def run(self, watcher: Watcher) -> Exit:
        """Have the task done; its end, when nothing of the container is left."""
        try:
            return self._live(watcher)
        except _NotStarted as reason:
            text = str(reason)
            return Exit(None, text, START_FAILED) if text else Exit(None)
        except (EngineLost, Refused) as problem:
            return Exit(None, f"the container engine was lost: {problem}", host_terminated(self._instance))
        finally:
            self._over.set()
            self._remove()

    def stop(self, grace: float) -> None:
        """SIGTERM now, SIGKILL after `grace` seconds; one that does not run yet never will."""
        with self._lock:
            is_first, self._grace = self._grace is None, grace
            running = self._running
        if running is not None and is_first:
            self._begin_stop(running, grace)

    def _live(self, watcher: Watcher) -> Exit:
        output = self._start()
        try:
            watcher.running(self._task_id)
            self._begin()
            for piece in output:
                watcher.output(self._task_id, piece)
        finally:
            output.close()
        return _exit(self._engine.wait(self._created))

    @property
    def _created(self) -> str:
        if self._id is None:
            raise RuntimeError("there is no container yet")
        return self._id

    def _start(self) -> Output:
        if self._grace is not None:
            raise _NotStarted
        self._create()
        output = self._engine.attach(self._created)
        try:
            if self._grace is not None:
                raise _NotStarted
            self._engine.start(self._created)
        except Refused as problem:
            output.close()
            raise _NotStarted(_refusal("CannotStartContainerError", problem)) from problem
        except BaseException:
            output.close()
            raise
        return output

    def _create(self) -> None:
        try:
            self._id = self._engine.create(self._options)
        except NoImage as problem:
            raise _NotStarted(
                f"CannotPullContainerError: the engine has no image {self._options['image']} and pulls none "
                "here; make it with `batchkit image build`, or `docker pull` it"
            ) from problem
        except Refused as problem:
            raise _NotStarted(_refusal("CannotCreateContainerError", problem)) from problem

    def _begin(self) -> None:
        """From here on the container can be signalled, and is if somebody asked for it meanwhile."""
        with self._lock:
            self._running = self._created
            grace = self._grace
        if grace is not None:
            self._begin_stop(self._created, grace)

    def _begin_stop(self, container: str, grace: float) -> None:
        threading.Thread(
            target=self._stop, args=(container, grace), name=f"docker-stop-{self._task_id}", daemon=True
        ).start()

    def _stop(self, container: str, grace: float) -> None:
        try:
            self._engine.kill(container, "SIGTERM")
            if not self._over.wait(grace):
                self._engine.kill(container, "SIGKILL")
        except (EngineLost, Refused) as problem:
            _log.warning("could not stop task %s: %s", self._task_id, problem)

    def _remove(self) -> None:
        try:
            if self._id is not None:
                self._engine.remove(self._id)
        except (EngineLost, Refused) as problem:  # it stays labelled, and goes with the stack
            _log.warning("could not remove the container of task %s: %s", self._task_id, problem)


def _exit(end: End) -> Exit:
    if end.out_of_memory:
        return Exit(end.code, OUT_OF_MEMORY)
    return Exit(end.code, end.error or None)


def _refusal(name: str, problem: Refused) -> str:
    return f"{name}: Error response from daemon: {problem}"
