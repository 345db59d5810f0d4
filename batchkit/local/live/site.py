"""The live page behind the endpoint: its files, its stream of events, and what it asks for on click.

It lies where no bucket can (a name has no underscore) and answers browsers that look at this very page, and
programs of this machine; the guard has already turned other pages away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

from batchkit.local.address import LIVE_PATH
from batchkit.local.live.board import Board
from batchkit.local.live.feed import Feed
from batchkit.local.live.streaming import MAX_READERS, Streams
from batchkit.local.live.telling import Patterns
from batchkit.local.server import Call, Reply

Json = dict[str, Any]

FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", POLICY),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
# A bucket may be the first label of a host: then the path is a key.
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)

MAX_JOBS = 100
MAX_CHILDREN = 100
MAX_LINES = 500
# How often states are looked at, in seconds.
LOOK_SECONDS = 0.5


class Jobs(Protocol):
    """What the page reads of local Batch."""

    def glance(self, newest: int) -> Json:
        """Queues and the newest jobs."""

    def children(self, array_id: str, most: int) -> list[Json]:
        """Started children of an array."""

    def streams(self, job_id: str) -> tuple[str, list[str]] | None:
        """Log group and streams of a job."""


@dataclass(frozen=True)
class Sources:
    """What the page shows.

    `tail` reads (group, stream, most) lines of a log: the number of the first, and the lines. `faults` are
    what goes wrong on purpose.
    """

    feed: Feed
    jobs: Jobs
    tail: Callable[[str, str, int], tuple[int, list[str]]]
    patterns: Patterns
    faults: Sequence[str] = ()


class LivePage:
    """Answers what lies below LIVE_PATH. `look` is the seconds between two looks at the jobs."""

    def __init__(self, sources: Sources, *, look: float = LOOK_SECONDS, readers: int = MAX_READERS) -> None:
        self._jobs = sources.jobs
        self._tail = sources.tail
        board = Board(lambda: sources.jobs.glance(MAX_JOBS), lambda: sources.feed.moves, look)
        self._streams = Streams(
            sources.feed, board, sources.patterns, sources.faults, look=look, most=readers
        )
        self._files = {path.name: path for path in FOLDER.iterdir()}

    def answer(self, call: Call) -> Reply | None:
        """The reply to a request below LIVE_PATH; None for any other."""
        if (
            not call.path.startswith(LIVE_PATH)
            or call.scope
            or not _HOST.fullmatch(call.headers.get("Host", ""))
        ):
            return None
        if call.environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            return _text(405, "This page only reads.")
        if call.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            return _text(403, "Another page asked for this.")
        return self._page(call)

    def _page(self, call: Call) -> Reply:
        name = call.path.removeprefix(LIVE_PATH) or INDEX
        asked = {key: values[0] for key, values in parse_qs(call.environ.get("QUERY_STRING", "")).items()}
        if name in self._files:
            path = self._files[name]
            return _reply(200, TYPES[path.suffix], path.read_bytes())
        if name == "events":
            stream = self._streams.stream(call.headers.get("Last-Event-ID") or asked.get("after", ""))
            return Reply(200, _headers("text/event-stream; charset=utf-8"), stream=stream)
        if name == "children":
            return _json(self._jobs.children(asked.get("job", ""), MAX_CHILDREN))
        return self._logs(asked.get("job", "")) if name == "logs" else _text(404, "There is nothing here.")

    def _logs(self, job: str) -> Reply:
        found = self._jobs.streams(job)
        if found is None:
            return _text(404, "There is no such job.")
        group, streams = found
        return _json([self._attempt(group, stream) for stream in streams])

    def _attempt(self, group: str, stream: str) -> Json:
        first, lines = self._tail(group, stream, MAX_LINES)
        return {"stream": stream, "first": first, "lines": lines}


def _headers(kind: str) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", kind), *HEADERS)


def _reply(status: int, kind: str, body: bytes) -> Reply:
    return Reply(status, _headers(kind), body)


def _json(data: Any) -> Reply:
    return _reply(200, "application/json", json.dumps(data).encode())


def _text(status: int, text: str) -> Reply:
    return _reply(status, "text/plain; charset=utf-8", f"{text}\n".encode())
