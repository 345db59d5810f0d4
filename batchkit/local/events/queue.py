"""Work with a due time, done by a few threads; knows when nothing is left."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from threading import Condition, Thread

Task = Callable[[], None]


class DelayQueue:
    """Runs tasks when they are due. A task counts until it has returned, so that work that makes work
    is never idle in between. Tasks do not raise.
    """

    def __init__(self, name: str, workers: int) -> None:
        self._tasks: list[tuple[float, int, Task]] = []
        self._order = itertools.count()
        self._unfinished = 0
        self._taken = 0
        self._closed = False
        self._changed = Condition()
        self._threads = [Thread(target=self._work, name=name, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def put(self, task: Task, delay: float = 0.0) -> None:
        """Runs `task` in `delay` seconds; a closed queue takes nothing more."""
        with self._changed:
            if self._closed:
                return
            heapq.heappush(self._tasks, (time.monotonic() + delay, next(self._order), task))
            self._unfinished += 1
            self._taken += 1
            # All: a single call could reach one who waits in `drain`, and no thread would begin.
            self._changed.notify_all()

    def drain(self, timeout: float) -> bool:
        """Waits until nothing is left, delayed work included; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, timeout)

    @property
    def taken(self) -> int:
        """How many tasks there have ever been."""
        with self._changed:
            return self._taken

    def stop(self) -> None:
        """Drops what has not started and takes nothing more."""
        with self._changed:
            self._closed = True
            self._unfinished -= len(self._tasks)
            self._tasks.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Stops, and waits for what has started."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            finally:
                with self._changed:
                    self._unfinished -= 1
                    self._changed.notify_all()

    def _next(self) -> Task | None:
        with self._changed:
            while not self._closed:
                wait = self._tasks[0][0] - time.monotonic() if self._tasks else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._tasks)[2]
                self._changed.wait(wait)
            return None
