"""The process executor: tasks are forked from a preloaded server, in milliseconds.

No container around them: a task gets exactly its environment, a session of its own and an exit code, but
sees this machine's files and has no memory limit. One thread, `batch-processes`, does everything: it starts
the fork server (the kernel ties the server's life to the thread that started it), talks to it and reads what
tasks write. A server that dies takes its tasks with it, like a host; the next task gets a new one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batchkit.local.batch.channel import Channel, Message
from batchkit.local.batch.executor import Exit, Task, Watcher
from batchkit.local.batch.model import START_FAILED, host_terminated
from batchkit.worker.orphans import kill_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_log = logging.getLogger(__name__)

_READ_SIZE = 64 * 1024
# Output of one task that is read in one go, so that a chatty one does not starve the others.
_READ_TURN = 16 * _READ_SIZE
# The most that a pipe holds (pipe(7), /proc/sys/fs/pipe-max-size for the unprivileged).
_PIPE_BYTES = 1024 * 1024
_SERVER_MODULE = "batchkit.local.batch.fork_server"
# How long a server that was told to end may take to kill and reap its tasks.
_END_SECONDS = 10


@dataclass
class _Running:
    """A task that the server was asked to start: where to read its output, and its process once known."""

    id: str
    output: int
    pid: int | None = None
    is_read: bool = False


@dataclass
class _Server:
    """A fork server: `instance` is the EC2-like name of the host that it plays."""

    process: subprocess.Popen[bytes]
    channel: Channel
    instance: str = field(default_factory=lambda: f"i-{secrets.token_hex(9)[:17]}")
    broken: str | None = None
    ready: bool = False


class ProcessExecutor:
    """Runs `main` (`module:function`, called with command and environment, returns the exit code) in forks.

    `environment` is what every task gets besides its own variables; nothing else is inherited. `preload`
    (`module:function`, called with `*preload_arguments`) runs once in the server before it forks; a function
    that it returns is called in the place of `main`.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        main: str = "batchkit.entry.worker:main",
        preload: str | None = None,
        preload_arguments: Sequence[str] = (),
    ) -> None:
        self._environment = dict(environment)
        self._main = main
        self._preload = preload
        self._preload_arguments = list(preload_arguments)
        self._watcher: Watcher | None = None
        self._server: _Server | None = None
        self._running: dict[str, _Running] = {}
        self._selector = selectors.DefaultSelector()
        self._orders: deque[Callable[[], None]] = deque()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._closing = False
        self._failed = False
        self._thread = threading.Thread(target=self._work, name="batch-processes", daemon=True)

    def attach(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._thread.start()

    def start(self, task: Task) -> None:
        if self._failed:
            self._tell().finished(task.id, Exit(None, "the process executor has failed", START_FAILED))
        else:
            self._order(lambda: self._launch(task))

    def stop(self, task_id: str, grace: float) -> None:
        self._order(lambda: self._send_stop(task_id, grace))

    def close(self) -> None:
        self._closing = True
        self._wake()
        server = self._server
        if server is not None:
            # Also when the thread waits for a server that hangs in its imports.
            server.process.terminate()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def server_pid(self) -> int | None:
        """The fork server's process id, None while there is none."""
        server = self._server
        return None if server is None else server.process.pid

    @property
    def instance(self) -> str | None:
        """The name of the host that the fork server plays, None while there is none."""
        server = self._server
        return None if server is None else server.instance

    def _order(self, order: Callable[[], None]) -> None:
        self._orders.append(order)
        self._wake()

    def _wake(self) -> None:
        # A full buffer wakes the thread just as well; a closed socket has no thread left to wake.
        with contextlib.suppress(OSError):
            self._wake_out.send(b"!")

    # The thread

    def _work(self) -> None:
        self._selector.register(self._wake_in, selectors.EVENT_READ, self._drain_wakeups)
        try:
            # Warm before the first task comes. If it cannot be had, the first task tries again and tells.
            with contextlib.suppress(OSError):
                self._begin_server()
            while not self._closing:
                for key, _ in self._selector.select():
                    key.data()
                while self._orders and not self._closing:
                    self._orders.popleft()()
        except Exception:  # a bug: without this thread nothing else would tell what became of the tasks
            _log.exception("the process executor failed")
            self._failed = True
            for task_id in list(self._running):
                self._tell().finished(task_id, Exit(None, "the process executor has failed", START_FAILED))
        finally:
            self._release()

    def _drain_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_in.recv(4096)

    def _begin_server(self) -> _Server:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", _SERVER_MODULE, self._config(theirs.fileno())],
                env=self._environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        server = self._server = _Server(process, Channel(ours))
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(server))
        return server

    def _config(self, fd: int) -> str:
        config: dict[str, Any] = {
            "fd": fd,
            "parent": os.getpid(),
            "path": sys.path,
            "main": self._main,
            "preload": self._preload,
            "preload_arguments": self._preload_arguments,
        }
        return json.dumps(config)

    def _launch(self, task: Task) -> None:
        reading = writing = None
        try:
            server = self._server or self._begin_server()
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            self._running[task.id] = _Running(task.id, reading)
            environment = {**self._environment, **task.environment}
            message = {"do": "start", "id": task.id, "command": task.command, "environment": environment}
            server.channel.send(message, writing)
        except ConnectionError:
            # The server just died. Its end of the socket will tell, and this task shares the others' fate.
            _log.debug("the fork server died while task %s was sent to it", task.id)
        except OSError as problem:
            self._finish(task.id, Exit(None, str(problem), START_FAILED))
        finally:
            if writing is not None:
                os.close(writing)

    def _send_stop(self, task_id: str, grace: float) -> None:
        if self._server is not None and task_id in self._running:
            # A server that is gone has no tasks left to stop.
            with contextlib.suppress(OSError):
                self._server.channel.send({"do": "stop", "id": task_id, "grace": grace})

    def _hear(self, server: _Server) -> None:
        messages = server.channel.receive()
        for message in messages or ():
            self._heard(server, message)
        if messages is None and not self._closing:
            self._bury(server)

    def _heard(self, server: _Server, message: Message) -> None:
        match message["say"]:
            case "ready":
                server.ready = True
            case "broken":
                server.broken = message["why"]
            case "running":
                self._begin_reading(self._running[message["id"]], message["pid"])
            case "refused":
                self._finish(message["id"], Exit(None, message["why"], START_FAILED))
            case "exited":
                self._finish(message["id"], Exit(message["code"]))

    def _begin_reading(self, running: _Running, pid: int) -> None:
        # Not before the server says that it runs: a quick task has written something by then.
        running.pid, running.is_read = pid, True
        self._tell().running(running.id)
        self._selector.register(running.output, selectors.EVENT_READ, lambda: self._read(running))

    def _bury(self, server: _Server) -> None:
        """The server is gone, and with it every task: like a host that was terminated, or never came up."""
        self._server = None
        self._end(server)
        if server.ready:
            end = Exit(None, None, host_terminated(server.instance))
        else:
            end = Exit(None, server.broken or "the fork server ended before it was ready", START_FAILED)
            _log.error("the fork server could not start: %s", end.reason)
        for running in list(self._running.values()):
            self._kill(running)
            self._finish(running.id, end)

    def _kill(self, running: _Running) -> None:
        # The kernel has killed the group's leader with the server; this is for what it had started itself.
        if running.pid is not None:
            kill_group(running.pid, signal.SIGKILL)

    def _read(self, running: _Running) -> None:
        # A task that finished in this very round of the selector has no output any more.
        if running.id in self._running and not self._drain(running, _READ_TURN):
            self._selector.unregister(running.output)
            running.is_read = False

    def _drain(self, running: _Running, most: int) -> bool:
        """Pass on what the task has written, about `most` bytes of it; whether there may be more one day."""
        while most > 0:
            try:
                data = os.read(running.output, _READ_SIZE)
            except BlockingIOError:
                return True
            if not data:
                return False
            most -= len(data)
            self._tell().output(running.id, data)
        return True

    def _finish(self, task_id: str, end: Exit) -> None:
        running = self._running.pop(task_id, None)
        if running is not None:
            if running.is_read:
                # The task is dead: what it wrote is in the pipe. Nothing it left behind may keep us waiting.
                self._drain(running, _PIPE_BYTES)
                self._selector.unregister(running.output)
            os.close(running.output)
        self._tell().finished(task_id, end)

    def _tell(self) -> Watcher:
        if self._watcher is None:
            raise RuntimeError("attach comes before start")
        return self._watcher

    def _end(self, server: _Server) -> None:
        self._selector.unregister(server.channel.fileno())
        server.channel.close()
        server.process.terminate()
        try:
            server.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()

    def _release(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            self._end(server)
        for running in self._running.values():
            self._kill(running)
            os.close(running.output)
        self._running.clear()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()
