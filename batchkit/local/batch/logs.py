"""Output of tasks, as CloudWatch Logs gets it."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Docker's awslogs driver and the json-file driver split longer lines; so a line never fills the memory.
MAX_LINE_BYTES = 16 * 1024


@dataclass(frozen=True)
class LogLine:
    """One log event: `at` in epoch milliseconds, text without its line end."""

    at: int
    text: str


class LogSink(Protocol):
    """Where lines go. Called from one thread at a time per stream; a slow sink slows the writers down."""

    def open(self, group: str, stream: str) -> None:
        """The stream exists from now on, even if nothing is ever written."""

    def write(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        """Append `lines`, at least one, in order."""


class MemoryLog:
    """A sink that keeps everything, by (group, stream)."""

    def __init__(self) -> None:
        self.streams: dict[tuple[str, str], list[LogLine]] = defaultdict(list)
        self._lock = threading.Lock()

    def open(self, group: str, stream: str) -> None:
        with self._lock:
            self.streams.setdefault((group, stream), [])

    def write(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        with self._lock:
            self.streams[group, stream].extend(lines)

    def texts(self, group: str, stream: str) -> list[str]:
        """The lines of a stream, empty if there is none."""
        with self._lock:
            return [line.text for line in self.streams.get((group, stream), [])]


class LineSplitter:
    """Bytes as they arrive into lines; invalid UTF-8 becomes U+FFFD."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._rest = b""

    def feed(self, data: bytes) -> list[LogLine]:
        """The lines that `data` completes; an empty `data` ends the stream and the last line."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if not data and self._rest:
            whole, self._rest = [*whole, self._rest], b""
        pieces = [piece for line in whole for piece in _pieces(line)]
        while len(self._rest) > MAX_LINE_BYTES:
            pieces.append(self._rest[:MAX_LINE_BYTES])
            self._rest = self._rest[MAX_LINE_BYTES:]
        at = self._now()
        texts = (piece.rstrip(b"\r").decode(errors="replace") for piece in pieces)
        # PutLogEvents refuses an empty message.
        return [LogLine(at, text) for text in texts if text]


def _pieces(line: bytes) -> list[bytes]:
    starts = range(0, max(len(line), 1), MAX_LINE_BYTES)
    return [line[start : start + MAX_LINE_BYTES] for start in starts]
