"""A job that does to its process what a source's body says, as a broken codec would."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from batchkit.job import Failure, Original, Output, Rejected, Task
from batchkit.recipe import Recipe


class Dangerous:
    """A body is `WHAT TASK [FILE]`: what happens before that task is made; with a file, only the first time.

    The task `end` stands for the moment after the last output.
    """

    version = "1"

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        return [Task(name, "txt") for name in recipe["names"]]

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        what, _, rest = original.body.decode().partition(" ")
        at, _, once = rest.partition(" ")
        for name in [*(task.name for task in tasks), "end"]:
            if name == at and not (once and Path(once).exists()):
                if once:
                    Path(once).touch()
                _do(what)
            if name != "end":
                yield Output(name, f"{name} by {os.getpid()}".encode(), "text/plain", {"length": len(rest)})


RAISED: dict[str, BaseException] = {
    "reject": Rejected("NotWanted", "nobody wants it"),
    "raise": ValueError("a bug"),
    "exhaust": MemoryError(),
    "leave": SystemExit(0),
}


def _do(what: str) -> None:
    if what in RAISED:
        raise RAISED[what]
    if what == "vanish":
        os._exit(0)
    if what == "spin":
        while True:
            pass
    if what == "sleep":
        time.sleep(3600)
    if what == "grow":
        kept = bytearray(300 * 2**20)
        kept[:: 2**12] = b"x" * len(kept[:: 2**12])
        time.sleep(3600)
    if what.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, what))
        time.sleep(3600)


def recipe(*names: str) -> Recipe:
    """A recipe of that job with these tasks."""
    job, parameters = Dangerous(), {"names": list(names)}
    return Recipe("support.dangerous:Dangerous", parameters, job, tuple(job.plan(parameters)))
