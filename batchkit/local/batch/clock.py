"""Time, as the scheduler sees it; tests bring a clock of their own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """A wall clock, a clock that never goes backwards, and the way to wait on it."""

    def now(self) -> int:
        """Epoch milliseconds, as every time in the Batch API."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on the held `condition` until notified, or until `seconds` of this clock have passed."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        condition.wait(seconds)
