"""Daemon threads that do one call after the other.

Not concurrent.futures: the interpreter would wait for its threads at exit, and so for every container, when
nobody closed the executor.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """Up to `width` threads, made as they are needed."""

    def __init__(self, width: int, name: str) -> None:
        self._width = width
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def do(self, call: Callable[[], None]) -> None:
        """Have `call`, which raises nothing, done as soon as a thread is free. From one thread only."""
        self._calls.put(call)
        if len(self._threads) < self._width:
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self, timeout: float) -> bool:
        """Let every thread end after what it has been given; whether all did within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
