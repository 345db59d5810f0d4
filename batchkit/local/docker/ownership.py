"""Whose container is it, and does its owner still live? Labels say it, whoever asks."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STACK = "batchkit.stack"
_MACHINE = "batchkit.machine"
_PID = "batchkit.pid"
_BORN = "batchkit.born"

# proc(5), /proc/pid/stat: the fields after the command's name, which may hold spaces and brackets.
_STATE = 0
_START_TIME = 19
_DEAD_STATES = frozenset("ZX")


@dataclass(frozen=True)
class Owner:
    """A stack and the process that runs it. `born` tells the process from a later one with its number."""

    stack: str
    machine: str
    pid: int
    born: str

    @property
    def labels(self) -> dict[str, str]:
        return {STACK: self.stack, _MACHINE: self.machine, _PID: str(self.pid), _BORN: self.born}


def this_process(stack: str) -> Owner:
    """The owner of what this process makes for `stack`."""
    pid = os.getpid()
    return Owner(stack, machine(), pid, birth(pid) or "")


def read(labels: Mapping[str, str]) -> Owner | None:
    """The owner that `labels` name, None when they were not written by this module."""
    try:
        return Owner(labels[STACK], labels[_MACHINE], int(labels[_PID]), labels[_BORN])
    except (KeyError, ValueError):
        return None


def is_orphan(owner: Owner, here: str, birth_of: Callable[[int], str | None]) -> bool:
    """Whether `owner` is known to be dead. One of another machine that uses the same engine is not."""
    return owner.machine == here and birth_of(owner.pid) != owner.born


def machine() -> str:
    """Where process numbers mean what they mean here: the host's name and the pid namespace."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{platform.node()}/{namespace}"


def birth(pid: int) -> str | None:
    """When the process `pid` began, None if there is none (a zombie is none)."""
    return _linux_birth(pid) if sys.platform == "linux" else _posix_birth(pid)


def _linux_birth(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[_STATE] in _DEAD_STATES else f"{boot}/{fields[_START_TIME]}"


def _posix_birth(pid: int) -> str | None:
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None
