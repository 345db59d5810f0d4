"""A cell: the process in which a job's `make` runs, so that a crash in it costs an item and not the child.

The source's bytes go through a memory file that both processes have, results come back on a socket.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from batchkit.worker import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.worker.nursery import Nursery

# How often a limit is compared with what the cell has used.
LOOK_SECONDS = 0.2
PAGE = os.sysconf("SC_PAGE_SIZE")
# What the kernel counts in a container: cgroup v2 and v1.
OOM_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))


@dataclass(frozen=True)
class Limits:
    """What one source may take: processor seconds, seconds on the wall, and bytes of memory (0: no limit)."""

    cpu_seconds: float = 300.0
    wall_seconds: float = 900.0
    memory_bytes: int = 0


class Broken(Exception):
    """The cell ended while it made something. `kind`: `crash`, `time` or `memory`; `how` says it in words."""

    def __init__(self, kind: str, how: str) -> None:
        self.kind = kind
        self.how = how
        super().__init__(how)


class Cell:
    """One process, started when it is first needed, and again after it ended. For one thread at a time."""

    def __init__(self, nursery: Nursery, limits: Limits) -> None:
        self._nursery = nursery
        self._limits = limits
        self._memory = os.memfd_create("batchkit-source", os.MFD_CLOEXEC)
        self._channel: socket.socket | None = None
        self._pid = 0
        self._deadline = 0.0
        self._ooms = 0

    def ask(
        self, key: str, body: bytes, tasks: tuple[str, ...]
    ) -> Iterator[wire.Made | wire.Refused | wire.Raised]:
        """The results as they come; closed before their end, it ends the cell. Raises Broken."""
        ended = False
        self._begin()
        try:
            self._hand_over(body)
            self._say(wire.Asked(key, len(body), tasks))
            while not isinstance(answer := self._hear(), wire.Ended):
                yield answer
                if isinstance(answer, wire.Raised):
                    break
            ended = True
        finally:
            if not ended:
                self._end()

    def close(self) -> None:
        """End the process, if it runs, and give back the memory."""
        self._end()
        os.close(self._memory)

    def _begin(self) -> None:
        self._deadline = time.monotonic() + self._limits.wall_seconds
        self._ooms = oom_kills()
        if self._channel is None:
            self._channel, theirs = socket.socketpair()
            with theirs:
                self._pid = self._nursery.fork(theirs, self._memory)

    def _hand_over(self, body: bytes) -> None:
        view = memoryview(body)
        written = 0
        while written < len(body):
            written += os.pwrite(self._memory, view[written:], written)

    def _say(self, asked: wire.Asked) -> None:
        assert self._channel is not None  # noqa: S101 (begun above)
        try:
            wire.send(self._channel, asked)
        except OSError as error:
            raise self._broken() from error

    def _hear(self) -> wire.Answer:
        try:
            return wire.answer(self._read)
        except (EOFError, OSError) as error:
            raise self._broken() from error
        except msgspec.DecodeError as error:
            raise Broken("crash", f"it answered nonsense: {error}") from error

    def _read(self, size: int) -> bytearray:
        assert self._channel is not None  # noqa: S101 (only while begun)
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            self._wait(self._channel)
            count = self._channel.recv_into(view[got:])
            if not count:
                raise EOFError
            got += count
        return data

    def _wait(self, channel: socket.socket) -> None:
        """Until there is something to read, or the end of it. Raises Broken over a limit."""
        while not select.select([channel], [], [], LOOK_SECONDS)[0]:
            if time.monotonic() > self._deadline:
                raise Broken("time", f"it took longer than {self._limits.wall_seconds:.0f} s")
            limit = self._limits.memory_bytes
            if limit and resident_bytes(self._pid) > limit:
                raise Broken("memory", f"it used more than {limit / 2**20:.0f} MiB")

    def _broken(self) -> Broken:
        """Why the process ended by itself."""
        code = self._end(kill=False)
        if code == -signal.SIGXCPU:
            return Broken("time", f"it took more than {self._limits.cpu_seconds:.0f} s of processor time")
        if code == -signal.SIGKILL and oom_kills() > self._ooms:
            return Broken("memory", "it used up the container's memory")
        if code < 0:
            return Broken("crash", f"it was ended by {_signal(-code)}")
        return Broken("crash", f"it ended with exit code {code}")

    def _end(self, *, kill: bool = True) -> int:
        """The exit code; 0 when there is no process."""
        channel, self._channel = self._channel, None
        if channel is None:
            return 0
        channel.close()
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        # What the crashed one was given may be of any size; the next source may be small.
        os.ftruncate(self._memory, 0)
        return self._nursery.wait(self._pid)


def oom_kills() -> int:
    """How many processes of this container the kernel has ended for lack of memory; 0 where nobody counts."""
    for path in OOM_COUNTERS:
        with contextlib.suppress(OSError):
            fields = (line.split() for line in path.read_text(encoding="ascii").splitlines())
            return next((int(field[1]) for field in fields if field[0] == "oom_kill"), 0)
    return 0


def resident_bytes(pid: int) -> int:
    """The memory of a process that it does not share; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * PAGE


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
