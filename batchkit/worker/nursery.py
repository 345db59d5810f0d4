"""Where cells come from: a process that was forked while the worker had no threads, and forks on request.

A cell starts in milliseconds with all that the worker had imported, at any time, also after a crash: forking
the worker itself is not safe any more once it has threads. Linux only.

In: `F` with two descriptors (a cell's socket and memory file), `W` with the id of a cell that ended. Out: the
new cell's id; the exit code of the one that ended, negative for a signal.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import struct
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from batchkit.errors import InternalError
from batchkit.worker.orphans import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable

    # What a cell does with its socket and its memory file until its worker is gone.
    Main = Callable[[socket.socket, int], None]

MESSAGE = struct.Struct(">ci")
NUMBER = struct.Struct(">i")
FORK, WAIT = b"F", b"W"


class Nursery:
    """The worker's end. Safe to share between threads."""

    def __init__(self, channel: socket.socket, pid: int) -> None:
        self._channel = channel
        self._pid = pid
        self._lock = threading.Lock()

    def fork(self, end: socket.socket, memory: int) -> int:
        """A new cell with these descriptors; its process id. Raises InternalError."""
        return self._ask(FORK, 0, [end.fileno(), memory])

    def wait(self, pid: int) -> int:
        """The exit code of a cell, once it has ended; -9 for one that SIGKILL ended."""
        return self._ask(WAIT, pid, [])

    def close(self) -> None:
        """End it, and with it every cell."""
        self._channel.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _ask(self, what: bytes, number: int, descriptors: list[int]) -> int:
        with self._lock:
            try:
                socket.send_fds(self._channel, [MESSAGE.pack(what, number)], descriptors)
                answer = self._channel.recv(NUMBER.size, socket.MSG_WAITALL)
            except OSError as error:
                raise _gone(error) from error
        if len(answer) != NUMBER.size:
            raise _gone("nothing")
        (found,) = NUMBER.unpack(answer)
        return int(found)


def start(main: Main) -> Nursery:
    """Fork the nursery. Only for a process without threads."""
    ours, theirs = socket.socketpair()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Objects that exist already are never looked at again, and so their pages stay shared.
    gc.freeze()
    parent, pid = os.getpid(), os.fork()
    if not pid:
        ours.close()
        _serve(theirs, parent, main)
    theirs.close()
    gc.unfreeze()
    return Nursery(ours, pid)


def _serve(channel: socket.socket, parent: int, main: Main) -> NoReturn:
    """Fork and wait until the worker is gone. Nothing of the worker's stack is ever returned to."""
    code = 1
    try:
        _settle(parent)
        while message := _receive(channel):
            (what, number), descriptors = message
            if what == FORK:
                answer = _fork(channel, descriptors, main)
            else:
                answer = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
            channel.sendall(NUMBER.pack(answer))
        code = 0
    finally:
        os._exit(code)


def _settle(parent: int) -> None:
    """A stop is the worker's business; a cell ends with it, or when it is told to."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    die_with_parent(parent, signal.SIGKILL)


def _receive(channel: socket.socket) -> tuple[tuple[bytes, int], list[int]] | None:
    data, descriptors, _, _ = socket.recv_fds(channel, MESSAGE.size, 2)
    return (MESSAGE.unpack(data), descriptors) if len(data) == MESSAGE.size else None


def _fork(channel: socket.socket, descriptors: list[int], main: Main) -> int:
    parent, pid = os.getpid(), os.fork()
    if pid:
        for descriptor in descriptors:
            os.close(descriptor)
        return pid
    code = 1
    try:
        channel.close()
        die_with_parent(parent, signal.SIGKILL)
        main(socket.socket(fileno=descriptors[0]), descriptors[1])
        code = 0
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _gone(found: object) -> InternalError:
    return InternalError(
        "the process that starts cells is gone", found=found, fix="retry the child: what is done stays done"
    )
