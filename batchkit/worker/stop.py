"""SIGTERM: the handler sets a flag, the child looks at it between items.

PID 1 of a container ignores SIGTERM unless it installs a handler, and is then killed after 30 s.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# SIGINT is what a terminal sends; it deserves the same tidy end.
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Whether the child was told to stop."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        self.requested = True


@contextmanager
def listening() -> Iterator[Stop]:
    """A Stop that signals request while the block runs. Only the main thread may enter."""
    stop = Stop()

    def handle(number: int, frame: FrameType | None) -> None:
        stop.request()

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
