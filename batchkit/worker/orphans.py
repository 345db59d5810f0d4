"""No process outlives the one it serves."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal

_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(parent: int, signum: signal.Signals) -> None:
    """Have the kernel send `signum` to this process when the parent's thread that forked it ends.

    `parent` is the expected parent's id: when it is gone already, the process ends at once. Where the kernel
    has no such service (not Linux), the closed socket to the parent is what ends this process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + signum)


def kill_group(leader: int, signum: signal.Signals) -> None:
    """Signal every process of the group that `leader` leads; it may be gone."""
    try:
        os.killpg(leader, signum)
    except (ProcessLookupError, PermissionError):
        return
