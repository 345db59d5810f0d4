"""The process that cleans up after a stack that could not: `python -m batchkit.local.docker.reaper STACK`.

Its stdin is a pipe that only the stack's process holds. An answer there means that all is well; the end of
the file, that the process died, however it died. It lives in a session of its own: Ctrl-C in a terminal and
a signal to the process group are not for it.
"""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import time
from typing import IO

from batchkit.errors import InternalError

_log = logging.getLogger(__name__)

_DONE = b"done\n"
# A child forked by the stack's process may hold the pipe open; the parent's number tells then.
_LOOK_SECONDS = 1.0
# The engine may still be creating a container that a process asked for just before it died.
_QUIET_ROUNDS = 3
_ROUND_SECONDS = 0.5
_MAX_ROUNDS = 60
# How long a stack that is about to end waits for its reaper, which needs nobody.
_WAIT_SECONDS = 15.0


class Reaper:
    """The stack's end of the pipe."""

    def __init__(self, stack: str) -> None:
        self._process = subprocess.Popen(
            # -P: nothing in the current folder is a module of ours.
            [sys.executable, "-P", "-m", __name__, stack],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def dismiss(self) -> None:
        """Nothing is left to clean up."""
        self._end(_DONE)

    def call(self) -> None:
        """Have it clean up now."""
        self._end(b"")

    def _end(self, word: bytes) -> None:
        try:
            self._process.communicate(word, timeout=_WAIT_SECONDS)
        except BrokenPipeError:  # it was killed
            self._process.wait()
        except subprocess.TimeoutExpired:
            _log.warning("process %d goes on removing the containers of this stack", self.pid)


def watch(pipe: IO[bytes], parent: int) -> bool:
    """Wait for the stack's end; whether it left without having cleaned up."""
    while os.getppid() == parent:
        readable, _, _ = select.select([pipe], [], [], _LOOK_SECONDS)
        if readable:
            return pipe.readline() != _DONE
    return True


def clean(stack: str) -> None:
    """Remove everything of `stack` until nothing comes any more."""
    # The SDK is heavy, and most reapers never need it.
    from batchkit.local.docker.cleanup import sweep  # noqa: PLC0415
    from batchkit.local.docker.engine import connect  # noqa: PLC0415

    engine, quiet = connect(), 0
    for _ in range(_MAX_ROUNDS):
        quiet = 0 if sweep(engine, stack) else quiet + 1
        if quiet == _QUIET_ROUNDS:
            return
        time.sleep(_ROUND_SECONDS)


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise InternalError("the reaper was started wrongly", found=arguments, expected="the name of a stack")
    if watch(sys.stdin.buffer, os.getppid()):
        clean(arguments[0])


if __name__ == "__main__":
    main(sys.argv[1:])
