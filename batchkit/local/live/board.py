"""Queues and jobs as all readers see them: one look for everybody, and none while nothing moves.

A look holds the lock under which jobs are scheduled: more open pages must not mean more looks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Seen:
    """What was seen, as JSON, after `moves` changes of state."""

    moves: int
    text: str


class Board:
    """Looks at most once in `every` seconds, whoever asks. Safe for threads.

    `moves` counts changes of state, each after it has happened; `now` is a clock that only goes forward.
    """

    def __init__(
        self,
        look: Callable[[], Any],
        moves: Callable[[], int],
        every: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._moves = moves
        self._every = every
        self._now = now
        self._lock = Lock()
        self._seen: Seen | None = None
        self._due = 0.0

    def read(self) -> Seen:
        """What was seen last, which is younger than `every` seconds or still true."""
        with self._lock:
            # Counted first: what moves during the look is looked at again.
            moves, now = self._moves(), self._now()
            if self._seen is None or (moves != self._seen.moves and now >= self._due):
                self._seen = Seen(moves, json.dumps(self._look()))
                self._due = now + self._every
            return self._seen
