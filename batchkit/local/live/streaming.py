"""The stream of events of each open page, as server-sent events (HTML Standard, "Server-sent events")."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Sequence
from functools import cache
from threading import BoundedSemaphore
from typing import Any

from batchkit.local.live.board import Board
from batchkit.local.live.feed import Feed, News
from batchkit.local.live.telling import Patterns, told

Json = dict[str, Any]
Chunks = Generator[bytes, None, None]

# Each reader holds a thread; a browser gives six connections to a host.
MAX_READERS = 64
# After how many quiet looks a comment finds out whether anybody listens.
QUIET_LOOKS = 20
# When a reader that found no room may come again, in milliseconds.
AGAIN = 10_000
_ID = re.compile(r"(?P<feed>[0-9a-f]{8})-(?P<number>[0-9]{1,15})", re.ASCII)


class Streams:
    """Makes streams, of which at most `most` run at the same time. `look` is in seconds.

    `faults` are what goes wrong on purpose, as `--faults` takes it.
    """

    def __init__(
        self,
        feed: Feed,
        board: Board,
        patterns: Patterns,
        faults: Sequence[str],
        *,
        look: float,
        most: int = MAX_READERS,
    ) -> None:
        self._feed = feed
        self._board = board
        self._patterns = patterns
        self._faults = list(faults)
        self._look = look
        self._room = BoundedSemaphore(most)

    def stream(self, last: str) -> Chunks:
        """What happens behind the event with the id `last`, until the feed is closed; if there is no such
        event, what is kept and what happens from now on.

        Room is taken when the first chunk is asked for, and given back when the stream is closed.
        """
        if not self._room.acquire(blocking=False):
            yield f"retry: {AGAIN}\n".encode() + sent("full", {})
            return
        try:
            yield from self._events(self._behind(last))
        finally:
            self._room.release()

    def _behind(self, last: str) -> int | None:
        """The number behind the last event that a reader has seen; None when that was another stack's."""
        seen = _ID.fullmatch(last)
        return int(seen["number"]) if seen and seen["feed"] == self._feed.name else None

    def _events(self, after: int | None) -> Chunks:
        # Without a number the browser's page starts anew.
        yield sent("hello", {"faults": self._faults, "fresh": after is None})
        at, shown, quiet = self._feed.oldest if after is None else after, -1, 0
        while not self._feed.closed:
            news, seen = self._feed.read(at, self._look), self._board.read()
            at, quiet = news.after, quiet + 1
            if news.traces:
                yield self._happened(news)
            if seen.moves != shown:
                yield f"event: jobs\ndata: {seen.text}\n\n".encode()
            if quiet >= QUIET_LOOKS:
                yield b": still here\n\n"
            if news.traces or seen.moves != shown or quiet >= QUIET_LOOKS:
                shown, quiet = seen.moves, 0
            if news.traces:
                # They come in groups, and no more often than states.
                self._feed.pause(self._look)

    def _happened(self, news: News) -> bytes:
        patterns = cache(self._patterns)
        lines = [told(trace, patterns) for trace in news.traces]
        return sent("happened", {"missed": news.missed, "lines": lines}, f"{self._feed.name}-{news.after}")


def sent(event: str, data: Json, number: str = "") -> bytes:
    """One event of a stream; JSON has no line ends of its own."""
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {event}\ndata: {json.dumps(data)}\n\n".encode()
