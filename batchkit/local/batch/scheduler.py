"""The one thread that starts and stops attempts, and the watcher that hears of their ends.

Every change happens under one lock. The thread sleeps on it until something changed or a timeout is due;
executors are called by this thread only and without the lock, so they may report back at once.
"""

from __future__ import annotations

import heapq
import logging
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.local.batch import dependencies, launch, limits
from batchkit.local.batch.events import Events, trace
from batchkit.local.batch.executor import Executor, Exit, Task
from batchkit.local.batch.faults import server_exception
from batchkit.local.batch.jobs import JobStore
from batchkit.local.batch.lifecycle import Lifecycle
from batchkit.local.batch.lines import Lines
from batchkit.local.batch.logs import LineSplitter, LogSink
from batchkit.local.batch.model import (
    CONTAINER_EXITED,
    START_FAILED,
    TIMED_OUT,
    AnyJob,
    ArrayJob,
    Attempt,
    Dependency,
    Job,
    Resources,
    Run,
    Spec,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from batchkit.local.batch.clock import Clock
    from batchkit.local.batch.control import Environment, Queue
    from batchkit.local.batch.describe import Describer
    from batchkit.local.batch.outbox import Outbox

_log = logging.getLogger(__name__)

_EXECUTOR_FAILED = "local Batch could not start the task"


@dataclass(frozen=True)
class _Active:
    """An attempt under way, and where its output goes."""

    job: Job
    run: Run
    environment: Environment
    task: Task
    lines: LineSplitter


class Scheduler:
    """Owns the jobs. Public methods take the lock themselves; `lock` is for those who read many jobs."""

    def __init__(
        self,
        *,
        executor: Executor,
        clock: Clock,
        describer: Describer,
        events: Events,
        outbox: Outbox,
        log: LogSink,
        host: Resources | None,
        grace: float,
    ) -> None:
        self.lock = threading.Condition()
        self.jobs = JobStore(clock, self._changed)
        self._executor = executor
        self._clock = clock
        self._describer = describer
        self._events = events
        self._outbox = outbox
        self._log = log
        self._grace = grace
        self.lines = Lines(host, self._blocked)
        self._lifecycle = Lifecycle(self.jobs, self.lines)
        self._active: dict[str, _Active] = {}
        self._deadlines: list[tuple[float, str]] = []
        self._orders: list[Callable[[], None]] = []
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="batch-scheduler", daemon=True)
        executor.attach(self)
        self._thread.start()

    # Requests

    def submit(
        self,
        queue: Queue,
        size: int | None,
        depends_on: list[dict[str, str]],
        spec: Callable[[tuple[Dependency, ...]], Spec],
    ) -> AnyJob:
        """A new job of `spec`, made once its dependencies are known to be valid. Raises BatchFault."""
        with self.lock:
            if self._closing:
                raise server_exception("local Batch is closed")
            job = self.jobs.add(spec(dependencies.parse(depends_on, size, self.jobs.find)), size)
            self.lines.line(queue)
            self._lifecycle.submitted(job)
            self.lock.notify_all()
            return job

    def cancel(self, job_id: str, reason: str) -> bool:
        """End what of the job has not been started. False if there is no such job."""
        with self.lock:
            job = self.jobs.find(job_id)
            if job is None:
                return False
            self._lifecycle.cancel(job, reason)
            self.lock.notify_all()
            return True

    def terminate(self, job_id: str, reason: str) -> bool:
        """End the job, whatever it does. False if there is no such job."""
        with self.lock:
            job = self.jobs.find(job_id)
            if job is None:
                return False
            self._lifecycle.cancel(job, reason)
            for running in _under_way(job):
                running.terminated, running.stop_reason = True, reason
                self._stop(running, reason)
            if not job.status.is_final:
                job.terminated = True
            self.lock.notify_all()
            return True

    def settled(self, timeout: float) -> bool:
        """Wait until every job is final and every event is told; False after `timeout` seconds."""
        with self.lock:
            done = self.lock.wait_for(lambda: not self.jobs.unfinished, timeout)
        return self._outbox.flush(timeout) and done

    def wake(self) -> None:
        """Look at the clock again."""
        with self.lock:
            self.lock.notify_all()

    def close(self) -> None:
        """Start nothing more, kill what runs, tell what happened. Safe to call twice and from any thread."""
        with self.lock:
            if self._closing:
                return
            self._closing = True
            self.lock.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._executor.close()
        self._outbox.close()

    # The executor's watcher

    def running(self, task_id: str) -> None:
        active = self._active.get(task_id)
        if active is None:
            return
        self._guarded(self._log.open, active.task.log_group, active.task.log_stream)
        with self.lock:
            job, now = active.job, self._clock.now()
            active.run.started_at = job.started_at = now
            job.stopped_at = None
            if job.parent is not None and job.parent.started_at is None:
                job.parent.started_at = now
            if job.spec.timeout is not None:
                heapq.heappush(self._deadlines, (self._clock.monotonic() + job.spec.timeout, task_id))
            self.jobs.move(job, Status.RUNNING)
            self.lock.notify_all()

    def output(self, task_id: str, data: bytes) -> None:
        active = self._active.get(task_id)
        lines = active.lines.feed(data) if active is not None else []
        if active is not None and lines:
            self._guarded(self._log.write, active.task.log_group, active.task.log_stream, lines)

    def finished(self, task_id: str, end: Exit) -> None:
        self.output(task_id, b"")
        with self.lock:
            active = self._active.pop(task_id, None)
            if active is None:
                return
            self.lines.release(active.environment, active.job.spec.resources)
            active.job.run = None
            attempt = _attempt(active.run, end, self._clock.now())
            self._lifecycle.attempt_ended(active.job, attempt, stopped=active.run.verdict is not None)
            self.lock.notify_all()

    # The thread

    def _work(self) -> None:
        while True:
            with self.lock:
                while not self._closing and not self._look():
                    self._clock.wait(self.lock, self._until_deadline())
                if self._closing:
                    return
                orders, self._orders = self._orders, []
            for order in orders:
                order()

    def _look(self) -> bool:
        """Find out what is to be done now; whether there is anything."""
        self._expire()
        for job, environment in self.lines.place():
            self._begin(job, environment)
        return bool(self._orders)

    def _begin(self, job: Job, environment: Environment) -> None:
        task_id = uuid.uuid4().hex
        job.run = Run(
            task_id=task_id,
            task_arn=self._describer.task_arn(environment.name, task_id),
            environment_name=environment.name,
            log_stream=launch.log_stream(job.spec, task_id),
        )
        task = launch.task(job, job.run)
        refusal = launch.refusal(job, task)
        if refusal is not None:
            job.run = None
            self.lines.release(environment, job.spec.resources)
            self._lifecycle.refused(job, refusal)
            self.lock.notify_all()
            return
        self._active[task_id] = _Active(job, job.run, environment, task, LineSplitter(self._clock.now))
        self.jobs.move(job, Status.STARTING)
        self._orders.append(lambda: self._start(task))

    def _start(self, task: Task) -> None:
        try:
            self._executor.start(task)
        except Exception as problem:  # any other job must go on
            _log.exception(_EXECUTOR_FAILED)
            self.finished(task.id, Exit(None, f"{_EXECUTOR_FAILED}: {problem}", START_FAILED))

    def _expire(self) -> None:
        now = self._clock.monotonic()
        while self._deadlines and self._deadlines[0][0] <= now:
            active = self._active.get(heapq.heappop(self._deadlines)[1])
            if active is not None:
                self._stop(active.job, TIMED_OUT)

    def _until_deadline(self) -> float | None:
        if not self._deadlines:
            return None
        return max(self._deadlines[0][0] - self._clock.monotonic(), 0)

    def _stop(self, job: Job, verdict: str) -> None:
        """Have the current attempt stopped because of `verdict`; the first verdict stands."""
        if job.run is None or job.run.verdict is not None:
            return
        job.run.verdict = verdict
        task_id = job.run.task_id
        self._orders.append(lambda: self._executor.stop(task_id, self._grace))

    # News

    def _changed(self, job: AnyJob) -> None:
        now = self._clock.now()
        self._outbox.trace(trace(job, now))
        # "an event for every state change of an existing job": the initial submission is none.
        if job.status is not Status.SUBMITTED:
            self._outbox.event(self._events.state_change(job, now))

    def _blocked(self, job: Job, queue: Queue) -> None:
        job.status_reason = _misfit(job.spec.resources, queue)
        now = self._clock.now()
        self._outbox.trace(trace(job, now))
        self._outbox.event(self._events.queue_blocked(job, job.status_reason, now))

    def _guarded(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except Exception:  # the sink is another component: its failure must not stall the jobs
            _log.exception("the log sink of local Batch failed")


def _under_way(job: AnyJob) -> list[Job]:
    """The jobs of `job` that have an attempt under way."""
    jobs = job.children if isinstance(job, ArrayJob) else [job]
    return [each for each in jobs if each is not None and each.run is not None]


def _attempt(run: Run, end: Exit, now: int) -> Attempt:
    return Attempt(
        task_arn=run.task_arn,
        log_stream=run.log_stream if run.started_at is not None else None,
        started_at=run.started_at,
        stopped_at=now,
        status_reason=run.verdict or end.status_reason or CONTAINER_EXITED,
        exit_code=end.code,
        reason=None if end.reason is None else end.reason[: limits.MAX_REASON],
    )


def _misfit(wanted: Resources, queue: Queue) -> str:
    """Guide, "Jobs stuck in RUNNABLE": the reason's first part is AWS's, the rest says what is true here."""
    most: Mapping[str, object] = {
        each.name: f"{each.capacity.vcpus:g} vCPU, {each.capacity.memory} MiB" for each in queue.environments
    }
    return (
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - the job needs "
        f"{wanted.vcpus:g} vCPU, {wanted.memory} MiB; queue {queue.name} has {dict(most)}"
    )
