"""Output of jobs and functions in moto's Logs backend, where `aws logs get-log-events` finds it."""

from __future__ import annotations

import time
from threading import Condition, Thread
from typing import TYPE_CHECKING

from batchkit.local.batch.logs import LogLine
from batchkit.local.trace import Observer, Trace, ignore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchkit.local.backends import Backends

# Lines are collected this long, so that a chatty job takes the lock a few times a second.
COLLECT_SECONDS = 0.1

Batch = dict[tuple[str, str], list[LogLine]]


class MotoLogs:
    """A `LogSink` that writes in batches from a thread of its own; `close` writes what is left."""

    def __init__(self, backends: Backends, observe: Observer = ignore) -> None:
        self._backends = backends
        self._observe = observe
        self._waiting: Batch = {}
        self._writing = False
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._work, name="logs", daemon=True)
        self._thread.start()

    def open(self, group: str, stream: str) -> None:
        """The stream exists from now on."""
        with self._backends.locked("logs"):
            self._ensure(group, stream)

    def write(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        """Appends lines; they show up a moment later."""
        with self._changed:
            self._waiting.setdefault((group, stream), []).extend(lines)
            self._changed.notify_all()
        for line in lines:
            self._observe(Trace("log", line.text, {"group": group, "stream": stream}))

    def write_now(self, group: str, stream: str, texts: list[str]) -> None:
        """Appends texts that were written just now."""
        at = time.time_ns() // 1_000_000
        self.write(group, stream, [LogLine(at, text) for text in texts])

    def tail(self, group: str, stream: str, most: int) -> tuple[int, list[str]]:
        """The last `most` lines of a stream, oldest first, and how many there are before them."""
        with self._backends.locked("logs"):
            found = self._backends.of("logs").groups.get(group)
            kept = found.streams.get(stream) if found is not None else None
            events = kept.events if kept is not None else []
            first = max(len(events) - most, 0)
            return first, [str(event.message) for event in events[first:]]

    def flush(self, timeout: float) -> bool:
        """Waits until everything written so far can be read."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._writing, timeout)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while (batch := self._take()) is not None:
            self._put(batch)
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _take(self) -> Batch | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._closed:
                self._changed.wait_for(self._is_closed, COLLECT_SECONDS)
            if not self._waiting:
                return None
            batch, self._waiting, self._writing = self._waiting, {}, True
            return batch

    def _is_closed(self) -> bool:
        return self._closed

    def _put(self, batch: Batch) -> None:
        with self._backends.locked("logs"):
            for (group, stream), lines in batch.items():
                self._ensure(group, stream)
                # PutLogEvents wants chronological order.
                ordered = sorted(lines, key=lambda line: line.at)
                events = [{"timestamp": line.at, "message": line.text} for line in ordered]
                self._backends.of("logs").put_log_events(group, stream, events)

    def _ensure(self, group: str, stream: str) -> None:
        logs = self._backends.of("logs")
        logs.ensure_log_group(group)
        logs.ensure_log_stream(group, stream)
