"""A process that runs tasks in containers until somebody kills it: `python docker_parent.py IMAGE COUNT`."""

from __future__ import annotations

import sys
import threading

from batchkit.local.batch.executor import Exit, Task
from batchkit.local.batch.model import Resources
from batchkit.local.docker.engine import connect
from batchkit.local.docker.executor import DockerExecutor

_HANG = ("python3", "-c", "import time; time.sleep(600)")


class Counter:
    """Says so on stdout when the last task runs."""

    def __init__(self, stack: str, count: int) -> None:
        self._stack = stack
        self._left = count
        self._lock = threading.Lock()

    def running(self, task_id: str) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                print(self._stack, flush=True)

    def output(self, task_id: str, data: bytes) -> None:
        return

    def finished(self, task_id: str, end: Exit) -> None:
        print(f"{task_id} ended: {end}", flush=True)


def main(image: str, count: int) -> None:
    executor = DockerExecutor(engine=connect(), environment={})
    executor.attach(Counter(executor.stack, count))
    for number in range(count):
        name = f"parent-{executor.stack}-{number}"
        executor.start(Task(name, name, 1, image, _HANG, {}, Resources(0.1, 64), {}, "g", "s"))
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
