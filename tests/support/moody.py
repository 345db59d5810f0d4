"""A job whose children can be killed by what a source says."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from support.jobs import Parking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batchkit.job import Failure, Original, Output, Task

# How Batch tells of a process that was killed: 128 + SIGKILL.
EXIT_CODE = 137


class Moody(Parking):
    """As Parking; a body that begins with `die` kills the whole child at once, `hungry` is out of memory."""

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        if original.body.startswith(b"die"):
            # The child is a process group of its own: the worker, too, not only the process of this job.
            os.killpg(0, signal.SIGKILL)
            time.sleep(3600)
        if original.body.startswith(b"hungry"):
            raise MemoryError("no more of it")
        yield from super().make(original, tasks)
