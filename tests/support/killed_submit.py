"""`batchkit submit SOURCE`, ended by a signal at a moment: `killed_submit SOURCE MOMENT SIGNAL`.

MOMENT is `plan` (the run is claimed, nothing is planned), `step N` (before it) or `submitted` (Batch has a
job, nobody has noted it).
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from batchkit.aws.clients import Clients
from batchkit.errors import Interrupted
from batchkit.planning.source_spec import parse_spec
from batchkit.project import load
from batchkit.runs.bulk import Bulk
from batchkit.runs.interrupts import interruptible
from batchkit.runs.requests import Request

if TYPE_CHECKING:
    from batchkit.aws.queue import BatchJob, Queue
    from batchkit.runs.steps import Step


class Signals:
    """Sends this process a signal when the moment comes."""

    def __init__(self, moment: str, name: str) -> None:
        self._moment = moment
        self._number = signal.Signals[name]
        self._steps = 0

    def at(self, moment: str) -> None:
        if moment == self._moment:
            os.kill(os.getpid(), self._number)

    def step(self, step: Step) -> None:
        self.at(f"step {self._steps}")
        self._steps += 1


class Tattling:
    """A queue that tells when it has submitted."""

    def __init__(self, queue: Queue, signals: Signals) -> None:
        self._queue, self._signals = queue, signals

    def submit(self, job: BatchJob) -> str:
        found = self._queue.submit(job)
        self._signals.at("submitted")
        return found

    def find(self, queue: str, name: str) -> str | None:
        return self._queue.find(queue, name)

    def terminate(self, job: str, reason: str) -> None:
        self._queue.terminate(job, reason)


def main(source: str, moment: str, name: str) -> int:
    signals = Signals(moment, name)
    bulk = Bulk.of(load(None, Path.cwd()), Clients())
    vars(bulk)["queue"] = Tattling(bulk.queue, signals)
    request = Request(source=source, spec=parse_spec(source))

    with tempfile.TemporaryDirectory() as folder, interruptible() as stopped:

        def planning() -> bool:
            signals.at("plan")
            return stopped()

        try:
            prepared = bulk.prepare(request, Path(folder), planning)
            print(prepared.plan.run, flush=True)
            bulk.submit(prepared, source, signals.step, stopped)
        except Interrupted as error:
            print(error, file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
