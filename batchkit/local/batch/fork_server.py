"""A process that has imported everything once and becomes a task by forking.

Run as `python -m batchkit.local.batch.fork_server CONFIG`, CONFIG in JSON: `fd` (the socket to the executor),
`parent` (its process id), `path` (sys.path), `main` (`module:function` that a task calls with its command and
its environment), `preload` (`module:function`, called with `*preload_arguments`, or null;
it may answer a `main` that takes the place of the named one).

In: `{"do": "start", "id", "command", "environment"}` with the descriptor to write to, `{"do": "stop", "id",
"grace"}`. Out: `{"say": "ready"}`, `broken` (why), `running` (id, pid), `refused` (id, why), `exited` (id,
code). Single-threaded, so that forking is safe. It ends, and everything it started with it, when the socket
closes or its parent dies.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

from batchkit.local.batch import child
from batchkit.local.batch.channel import Channel, Message
from batchkit.worker.orphans import die_with_parent, kill_group


@dataclass
class _Child:
    """A running task: its process, which leads a group, and when it will be killed (monotonic seconds)."""

    id: str
    pid: int
    kill_at: float | None = None


class ForkServer:
    """Starts, stops and reaps tasks on behalf of the other end of `channel`."""

    def __init__(self, channel: Channel, main: Any) -> None:
        self._channel = channel
        self._main = main
        self._children: dict[str, _Child] = {}
        self._by_pid: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._wakeup_in, self._wakeup_out = socket.socketpair()
        self._ending = False

    def serve(self) -> None:
        """Work until the other end is gone or SIGTERM comes; then kill what is left."""
        self._listen()
        try:
            while not self._ending and self._step():
                pass
        finally:
            self._kill_all()

    def _listen(self) -> None:
        self._wakeup_in.setblocking(False)
        self._wakeup_out.setblocking(False)
        signal.set_wakeup_fd(self._wakeup_out.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._end)
        self._selector.register(self._channel, selectors.EVENT_READ)
        self._selector.register(self._wakeup_in, selectors.EVENT_READ)

    def _end(self, *_: object) -> None:
        self._ending = True

    def _step(self) -> bool:
        """One round; whether the other end is still there."""
        for key, events in self._selector.select(self._until_kill()):
            if key.fileobj is self._wakeup_in:
                with contextlib.suppress(BlockingIOError):
                    self._wakeup_in.recv(4096)
            elif events & selectors.EVENT_READ and not self._obey():
                return False
        self._kill_overdue()
        self._reap()
        return self._report()

    def _obey(self) -> bool:
        messages = self._channel.receive()
        for message in messages or ():
            if message["do"] == "start":
                self._start(message)
            else:
                self._stop(message["id"], message["grace"])
        return messages is not None

    def _start(self, message: Message) -> None:
        output, server = self._channel.take_fd(), os.getpid()
        try:
            pid = os.fork()
        except OSError as problem:
            os.close(output)
            self._channel.queue({"say": "refused", "id": message["id"], "why": str(problem)})
            return
        if pid == 0:
            self._forget()
            child.become(self._main, message["command"], message["environment"], output, server)
        os.close(output)
        started = _Child(message["id"], pid)
        self._children[started.id] = self._by_pid[pid] = started
        self._channel.queue({"say": "running", "id": started.id, "pid": pid})

    def _forget(self) -> None:
        """In the child: close what belongs to the server, so that no task holds its socket open."""
        self._selector.close()
        self._wakeup_in.close()
        self._wakeup_out.close()
        self._channel.close()

    def _stop(self, task_id: str, grace: float) -> None:
        found = self._children.get(task_id)
        if found is not None:
            kill_group(found.pid, signal.SIGTERM)
            found.kill_at = time.monotonic() + grace

    def _until_kill(self) -> float | None:
        due = [each.kill_at for each in self._children.values() if each.kill_at is not None]
        return max(min(due) - time.monotonic(), 0) if due else None

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for each in self._children.values():
            if each.kill_at is not None and each.kill_at <= now:
                kill_group(each.pid, signal.SIGKILL)
                each.kill_at = None

    def _reap(self) -> None:
        while (pid := _ended()) is not None:
            # Before the process id is given back: what the task has started ends with it, as in a container.
            kill_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            ended = self._by_pid.pop(pid, None)
            if ended is not None:
                del self._children[ended.id]
                self._channel.queue({"say": "exited", "id": ended.id, "code": _code(status)})

    def _report(self) -> bool:
        try:
            unsent = self._channel.flush()
        except OSError:
            return False
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)
        self._selector.modify(self._channel, events)
        return True

    def _kill_all(self) -> None:
        for each in self._children.values():
            kill_group(each.pid, signal.SIGKILL)
            os.waitpid(each.pid, 0)


def _ended() -> int | None:
    """A child that has ended and is not reaped yet."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return None if found is None else found.si_pid


def _code(status: int) -> int:
    """The exit code as a container engine tells it: 128 + n for one killed by signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    """Serve until told to end; 1 when the preload or the tasks' main cannot be imported."""
    config = json.loads(arguments[0])
    # Ctrl-C is for the process in the foreground; it decides what becomes of its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(config["parent"], signal.SIGTERM)
    channel = Channel(socket.socket(fileno=config["fd"]))
    try:
        sys.path[:] = config["path"]
        task_main = child.find(config["main"])
        if config["preload"] is not None:
            prepared = child.find(config["preload"])(*config["preload_arguments"])
            task_main = prepared if callable(prepared) else task_main
    except Exception as problem:  # whatever an import raises, the tasks cannot start because of it
        channel.send({"say": "broken", "why": f"{type(problem).__name__}: {problem}"})
        return 1
    # What was imported is never collected: the children share its pages.
    gc.collect()
    gc.freeze()
    channel.send({"say": "ready"})
    ForkServer(channel, task_main).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
