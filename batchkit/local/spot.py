"""Spot reclaims on request: hosts that go away while a task runs, the same ones for the same seed.

Wraps any executor. An attempt that loses its host gets SIGTERM after a while, SIGKILL when its grace is
over, and ends as on AWS:

On EC2 as `Host EC2 (instance i-…) terminated.`, half of the time without an exit code. Each attempt has a
host of its own. One that was to lose it but ended sooner loses it before anybody saw how it ended: its work
is done and nobody knows. On Fargate as `Your Spot Task was interrupted.`, always with its exit code: one that
exits 0 in spite of it has succeeded.

No attempt is spared, not the last one either: with five attempts and a share of 0.2, one child in 3,000 fails
for good.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.local.batch.executor import Executor, Exit, Task, Watcher
from batchkit.local.batch.model import SPOT_INTERRUPTED, host_terminated, is_fargate
from batchkit.local.trace import Observer, Trace, ignore

if TYPE_CHECKING:
    from batchkit.local.faults import Faults

# ECS's own time between SIGTERM and SIGKILL (ECS_CONTAINER_STOP_TIMEOUT).
GRACE_SECONDS = 30.0
# A worker starts in less, and makes a picture in about that.
WITHIN_SECONDS = 2.0

Cancel = Callable[[], None]
After = Callable[[float, Callable[[], None]], Cancel]


@dataclass(frozen=True)
class Fate:
    """What happens to one attempt: `delay` seconds after it runs its host goes away, never if None."""

    delay: float | None
    instance: str
    code_is_seen: bool


@dataclass
class _Attempt:
    """An attempt under way."""

    task: Task
    fate: Fate
    is_reclaimed: bool = False
    cancel: Cancel | None = None


def fate(faults: Faults, job: int, index: int, attempt: int, *, within: float = WITHIN_SECONDS) -> Fate:
    """Decide about the `attempt`th attempt of child `index` of the `job`th job that was started."""
    # Nothing secret: repeatable faults. Numbers, because job ids are different every time.
    dice = random.Random(f"{faults.seed}/{job}/{index}/{attempt}")  # noqa: S311
    delay = dice.uniform(0.0, within) if dice.random() < faults.spot else None
    return Fate(delay, f"i-{dice.getrandbits(68):017x}", dice.random() < 0.5)


class SpotReclaims:
    """An executor whose tasks lose their hosts as `faults` decide. Also the inner executor's watcher."""

    def __init__(
        self,
        executor: Executor,
        faults: Faults,
        *,
        grace: float = GRACE_SECONDS,
        within: float = WITHIN_SECONDS,
        after: After | None = None,
        observe: Observer = ignore,
    ) -> None:
        """`after` calls something later and answers how to call that off; a thread's timer by default."""
        self._executor = executor
        self._faults = faults
        self._grace = grace
        self._within = within
        self._after = after or _timer
        self._observe = observe
        self._lock = threading.Lock()
        self._jobs: dict[str, int] = {}
        self._attempts: dict[str, _Attempt] = {}
        self._watcher: Watcher | None = None

    def reclaim(self, job_id: str) -> bool:
        """Take the host away from the attempt of `job_id` (`…:index`) that is under way, if there is one."""
        with self._lock:
            ids = [each.task.id for each in self._attempts.values() if each.task.job_id == job_id]
        for task_id in ids:
            self._reclaim(task_id)
        return bool(ids)

    # The executor

    def attach(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._executor.attach(self)

    def start(self, task: Task) -> None:
        with self._lock:
            self._attempts[task.id] = _Attempt(task, self._fate(task))
        self._executor.start(task)

    def stop(self, task_id: str, grace: float) -> None:
        self._executor.stop(task_id, grace)

    def close(self) -> None:
        with self._lock:
            attempts, self._attempts = self._attempts, {}
        for attempt in attempts.values():
            if attempt.cancel is not None:
                attempt.cancel()
        self._executor.close()

    # The executor's watcher

    def running(self, task_id: str) -> None:
        self._outer.running(task_id)
        with self._lock:
            attempt = self._attempts.get(task_id)
            if attempt is not None and attempt.fate.delay is not None:
                attempt.cancel = self._after(attempt.fate.delay, lambda: self._reclaim(task_id))

    def output(self, task_id: str, data: bytes) -> None:
        self._outer.output(task_id, data)

    def finished(self, task_id: str, end: Exit) -> None:
        with self._lock:
            attempt = self._attempts.pop(task_id, None)
        if attempt is not None:
            if attempt.cancel is not None:
                attempt.cancel()
            end = self._told(attempt, end)
        self._outer.finished(task_id, end)

    @property
    def _outer(self) -> Watcher:
        if self._watcher is None:
            raise RuntimeError("attach comes before start")
        return self._watcher

    def _told(self, attempt: _Attempt, end: Exit) -> Exit:
        task = attempt.task
        on_fargate = is_fargate(task.container)
        new = told(attempt.fate, end, is_reclaimed=attempt.is_reclaimed, on_fargate=on_fargate)
        if new is not end:
            text = f"spot took the host of {task.job_id}, attempt {task.attempt}, on purpose"
            self._observe(Trace("log", text, {"job": task.job_id, "fate": "reclaimed"}))
        return new

    def _fate(self, task: Task) -> Fate:
        job_id, _, index = task.job_id.partition(":")
        job = self._jobs.setdefault(job_id, len(self._jobs))
        return fate(self._faults, job, int(index or 0), task.attempt, within=self._within)

    def _reclaim(self, task_id: str) -> None:
        with self._lock:
            attempt = self._attempts.get(task_id)
            if attempt is None or attempt.is_reclaimed:
                return
            attempt.is_reclaimed = True
        self._executor.stop(task_id, self._grace)


def told(fate: Fate, end: Exit, *, is_reclaimed: bool, on_fargate: bool) -> Exit:
    """The end of an attempt as Batch hears it. One that has another reason (never started) keeps it."""
    if end.status_reason is not None or not (is_reclaimed or fate.delay is not None):
        return end
    if on_fargate:
        return Exit(end.code, end.reason, SPOT_INTERRUPTED)
    gone = host_terminated(fate.instance)
    if is_reclaimed:
        return Exit(end.code if fate.code_is_seen else None, end.reason, gone)
    return Exit(None, None, gone)


def _timer(seconds: float, call: Callable[[], None]) -> Cancel:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer.cancel
