"""Work in the background whose memory is bounded: the outputs on their way to S3."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

THREADS = 4
MAX_BYTES = 64 * 1024 * 1024


class Uploads:
    """Runs calls in threads; at most `limit` bytes (or one call) wait or run at any time."""

    def __init__(self, threads: int = THREADS, limit: int = MAX_BYTES) -> None:
        self._pool = ThreadPoolExecutor(threads, "put")
        self._limit = limit
        self._bytes = 0
        self._room = threading.Condition()

    def submit(self, size: int, call: Callable[[], T]) -> Future[T]:
        """Run `call`, which holds `size` bytes, in the background; waits for room first."""
        with self._room:
            self._room.wait_for(lambda: not self._bytes or self._bytes + size <= self._limit)
            self._bytes += size
        future = self._pool.submit(call)
        future.add_done_callback(lambda done: self._release(size))
        return future

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()

    def _release(self, size: int) -> None:
        with self._room:
            self._bytes -= size
            self._room.notify_all()
