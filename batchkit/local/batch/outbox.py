"""News of jobs, told in the order in which it happened, by a thread that holds no lock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchkit.local.trace import Observer, Trace

_log = logging.getLogger(__name__)

Emit = Callable[[dict[str, Any]], None]


class Outbox:
    """Events go to `emit`, traces to `observe`. A listener that raises is logged and misses only that one."""

    def __init__(self, emit: Emit, observe: Observer) -> None:
        self._emit = emit
        self._observe = observe
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._deliver, name="batch-outbox", daemon=True)
        self._thread.start()

    def event(self, event: dict[str, Any]) -> None:
        self._queue.put(lambda: self._emit(event))

    def trace(self, trace: Trace) -> None:
        self._queue.put(lambda: self._observe(trace))

    def flush(self, timeout: float) -> bool:
        """Wait until everything put in so far is out; False if that takes longer than `timeout` seconds."""
        reached = threading.Event()
        self._queue.put(reached.set)
        return reached.wait(timeout)

    def close(self) -> None:
        """Deliver what is there, then stop."""
        self._queue.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _deliver(self) -> None:
        while (deliver := self._queue.get()) is not None:
            try:
                deliver()
            except Exception:
                _log.exception("a listener of local Batch failed")
