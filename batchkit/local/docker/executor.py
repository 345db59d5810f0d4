"""The docker executor: tasks are containers, as on AWS, with the limits of their job definition.

A thread for each container that runs, at most `width`: what becomes of a task can be read from top to bottom
in `container.py`, and an engine that goes away is an exception there. Whatever this process makes carries
its labels and is gone after `close`; if it never comes to that, a second process removes it (`reaper.py`),
and failing that the next executor of this machine.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from typing import TYPE_CHECKING

from batchkit.local.batch.executor import Exit, Task, Watcher
from batchkit.local.batch.model import START_FAILED
from batchkit.local.docker import cleanup, ownership
from batchkit.local.docker.container import Container
from batchkit.local.docker.engine import Engine, EngineLost
from batchkit.local.docker.options import container_options, unsupported
from batchkit.local.docker.reaper import Reaper
from batchkit.local.docker.threads import Threads
from batchkit.local.trace import Observer, Trace, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)

# Children wait for the network some of the time, but more of them than this make no machine faster.
_TASKS_PER_CPU = 4
# How long containers that were killed may take to be gone.
_END_SECONDS = 60.0


class DockerExecutor:
    """Runs tasks as containers of `engine`, which it closes.

    `environment` is what every task gets besides its own variables. `image` finds the local image for the
    one that a job definition names. At most `width` tasks (by default, as many as suit the engine's
    processors) run at once; the others wait, STARTING.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        environment: Mapping[str, str],
        image: Callable[[str], str] = lambda named: named,
        observe: Observer = ignore,
        width: int | None = None,
    ) -> None:
        self._engine = engine
        self._environment = dict(environment)
        self._image = image
        self._observe = observe
        self._owner = ownership.this_process(uuid.uuid4().hex)
        self._instance = f"i-{secrets.token_hex(9)[:17]}"
        self._threads = Threads(width or _TASKS_PER_CPU * engine.host.cpus, "docker-task")
        self._containers: dict[str, Container] = {}
        self._closing = False
        self._reaper: Reaper | None = None
        self._watcher: Watcher | None = None

    @property
    def stack(self) -> str:
        """The value of the label `batchkit.stack` of everything that this executor makes."""
        return self._owner.stack

    def attach(self, watcher: Watcher) -> None:
        """See Executor. Removes what dead stacks have left behind first."""
        self._watcher = watcher
        self._reap()
        self._reaper = Reaper(self.stack)
        if not self._engine.host.limits_memory:
            self._tell("this engine cannot limit memory: no task will be out of it")

    def start(self, task: Task) -> None:
        refusal = unsupported(task.container)
        if refusal is not None:
            reason = f"CannotCreateContainerError: {refusal}"
            self._watching.finished(task.id, Exit(None, reason, START_FAILED))
            return
        container = self._containers[task.id] = self._container(task)
        self._threads.do(lambda: self._run(task.id, container))

    def stop(self, task_id: str, grace: float) -> None:
        container = self._containers.get(task_id)
        if container is not None:
            container.stop(grace)

    def close(self) -> None:
        """See Executor. A second call does nothing."""
        if self._closing:
            return
        self._closing = True
        for container in list(self._containers.values()):
            container.stop(0)
        is_clean = self._clean()
        if self._reaper is not None:
            (self._reaper.dismiss if is_clean else self._reaper.call)()
        self._engine.close()

    @property
    def _watching(self) -> Watcher:
        if self._watcher is None:
            raise RuntimeError("attach comes before start")
        return self._watcher

    def _container(self, task: Task) -> Container:
        options = container_options(
            task,
            image=self._image(task.image),
            environment=self._environment,
            host=self._engine.host,
            labels=self._owner.labels,
        )
        return Container(self._engine, task.id, options, instance=self._instance)

    def _run(self, task_id: str, container: Container) -> None:
        try:
            end = container.run(self._watching)
        except Exception as problem:  # a bug: the task must end all the same, and the thread go on
            _log.exception("the docker executor failed")
            end = Exit(None, f"the docker executor failed: {problem}", START_FAILED)
        self._containers.pop(task_id, None)
        if not self._closing:
            self._watching.finished(task_id, end)

    def _reap(self) -> None:
        try:
            dead = cleanup.reap(self._engine)
        except EngineLost as problem:
            _log.warning("could not look for what dead stacks have left: %s", problem)
            return
        if dead:
            self._tell(f"removed the containers of {len(dead)} stack(s) that had not closed")

    def _clean(self) -> bool:
        """Remove everything of this stack; whether nothing is left."""
        try:
            cleanup.sweep(self._engine, self.stack)
            is_over = self._threads.end(_END_SECONDS)
            cleanup.sweep(self._engine, self.stack)
        except EngineLost as problem:
            _log.warning("could not remove the containers of this stack: %s", problem)
            return False
        return is_over

    def _tell(self, text: str) -> None:
        self._observe(Trace("job", text))
