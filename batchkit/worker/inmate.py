"""What runs in a cell: a job's `make`, called for source after source, with hostile bytes in its hands."""

from __future__ import annotations

import math
import os
import resource
import socket
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from batchkit.errors import JobError, Rejected
from batchkit.job import Failure, Original, Output
from batchkit.worker import wire
from batchkit.worker.items import describe
from batchkit.worker.telemetry import MAX_TRACEBACK

if TYPE_CHECKING:
    from batchkit.job import Job, Task

# How much sooner than the worker the kernel shall end a cell when the container's memory is used up
# (proc_pid_oom_score_adj(5): 1000 is always first).
OOM_SCORE = 500


class Inmate:
    """The job and all tasks of the recipe. `cpu_seconds`: processor time that one source may take."""

    def __init__(self, job: Job, tasks: Mapping[str, Task], cpu_seconds: float) -> None:
        self._job = job
        self._tasks = tasks
        self._cpu_seconds = cpu_seconds

    def run(self, channel: socket.socket, memory: int) -> None:
        """Answer until the worker closes its end."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _be_the_first_to_go()

        def read(size: int) -> bytes:
            return _receive(channel, size)

        while True:
            try:
                asked = wire.asked(read)
            except EOFError:
                return
            self._limit_time()
            for answer in self._answers(asked, os.pread(memory, asked.size, 0)):
                try:
                    wire.send(channel, answer)
                except (TypeError, ValueError, OverflowError) as error:
                    wire.send(channel, _raised(_impossible(answer, error)))
                    break

    def _answers(self, asked: wire.Asked, body: bytes) -> Iterator[wire.Answer]:
        tasks = tuple(self._tasks[name] for name in asked.tasks)
        try:
            for result in self._job.make(Original(asked.key, body), tasks):
                yield _answer(result)
        except (Exception, SystemExit) as error:
            yield _raised(error)
        else:
            yield wire.Ended()

    def _limit_time(self) -> None:
        """So much more processor time, of all threads; then the kernel sends SIGXCPU, which ends it."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        until = math.ceil(usage.ru_utime + usage.ru_stime + self._cpu_seconds)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        if hard == resource.RLIM_INFINITY or until < hard:
            resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def _answer(result: object) -> wire.Answer:
    if isinstance(result, Output):
        return wire.Made(result.task, result.body, result.content_type, dict(result.facts))
    if isinstance(result, Failure):
        return wire.Refused(result.task, result.rejected.error_class, result.rejected.message)
    raise JobError("the job made no output", found=type(result).__name__, expected="Output, Failure")


def _raised(error: BaseException) -> wire.Raised:
    if isinstance(error, Rejected):
        return wire.Raised(error.error_class, error.message, rejected=True)
    told = "".join(traceback.format_exception(error))
    return wire.Raised(*describe(error), rejected=False, traceback=told[-MAX_TRACEBACK:])


def _impossible(answer: wire.Answer, error: Exception) -> JobError:
    task = getattr(answer, "task", "")
    return JobError(f"what the job made for task '{task}' cannot be handed over", found=error)


def _be_the_first_to_go() -> None:
    """Not the worker: it lives to record what happened. Raising one's own score needs no privilege."""
    adjust = Path("/proc/self/oom_score_adj")
    if adjust.exists():
        adjust.write_text(str(OOM_SCORE), encoding="ascii")


def _receive(channel: socket.socket, size: int) -> bytes:
    data = channel.recv(size, socket.MSG_WAITALL)
    while len(data) < size:
        more = channel.recv(size - len(data), socket.MSG_WAITALL)
        if not more:
            raise EOFError
        data += more
    return data
