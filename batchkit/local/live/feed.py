"""What happened lately, for any number of readers: one ring, and a place in it for each of them.

A reader owns nothing but a number, so a slow one costs no memory: when the ring has overtaken it, it is told
how much it has missed. Traces are kept as they are and made into text only where somebody reads.
"""

from __future__ import annotations

import itertools
import secrets
from collections import deque
from dataclasses import dataclass
from threading import Condition

from batchkit.local.trace import Trace

# A trace holds its event, a few kB: some MB at most.
KEPT = 1000
STATE_CHANGE = "Batch Job State Change"


@dataclass(frozen=True)
class News:
    """What a reader gets: traces from number `first` on, and how many before them are lost to it."""

    first: int
    traces: tuple[Trace, ...]
    missed: int = 0

    @property
    def after(self) -> int:
        """Where the reader goes on."""
        return self.first + len(self.traces)


class Feed:
    """An observer of the stack, and what its readers wait for. Safe for threads.

    `name` tells this feed's numbers from those of a stack that ran at the same address before.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self.name = secrets.token_hex(4)
        self._ring: deque[Trace] = deque(maxlen=kept)
        self._next = 0
        self._moves = 0
        self._changed = Condition()
        self._closed = False

    def __call__(self, trace: Trace) -> None:
        """Keeps the trace, if it is one for a page; counts it, if a job has moved."""
        with self._changed:
            self._moves += trace.kind == "job"
            if is_news(trace):
                self._ring.append(trace)
                self._next += 1
                self._changed.notify_all()

    @property
    def oldest(self) -> int:
        """The number of the oldest trace that is kept: where a new reader begins."""
        with self._changed:
            return self._next - len(self._ring)

    @property
    def moves(self) -> int:
        """How often any job has changed its state: told after the change, so who looks now sees that many."""
        with self._changed:
            return self._moves

    def read(self, after: int, timeout: float) -> News:
        """What came from number `after` on, waiting for it up to `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._next > after, timeout)
            oldest = self._next - len(self._ring)
            first = min(max(after, oldest), self._next)
            fresh = tuple(itertools.islice(self._ring, first - oldest, None))
            return News(first, fresh, missed=max(first - after, 0))

    def pause(self, timeout: float) -> None:
        """Waits `timeout` seconds, or until the feed is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, timeout)

    @property
    def closed(self) -> bool:
        with self._changed:
            return self._closed

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def is_news(trace: Trace) -> bool:
    """False for what comes by the ten thousand: lines of logs, and each child's every change of state.

    The page reads logs and states where they are. A change that a rule cares about comes as a delivery.
    """
    if trace.kind == "job" or (trace.kind == "log" and "stream" in trace.data):
        return False
    event = trace.data.get("event")
    is_change = isinstance(event, dict) and event.get("detail-type") == STATE_CHANGE
    return not (trace.kind == "event" and is_change)
