"""The gallery of a private bucket for whoever sits at this machine: a server on 127.0.0.1 that reads from it.

It knows no passwords, and other people and other web pages may reach 127.0.0.1, too. So everything lies
below a word that nobody can guess, and only requests that name this machine are answered: a page elsewhere
whose name suddenly means 127.0.0.1 (DNS rebinding) names itself.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from batchkit.errors import BatchkitError, ConfigError, Rejected
from batchkit.gallery import site
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.objects import Objects

HOST = "127.0.0.1"

# How long the end of a block waits for its server.
POLL_SECONDS = 0.05

# What a browser shows by itself; everything else is offered as a download.
PICTURES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
OTHER = "application/octet-stream"
COMMON = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# An output is data, whatever a job made: it runs nothing and loads nothing.
OUTPUT = {"Content-Security-Policy": "default-src 'none'; sandbox"}


@contextmanager
def serving(objects: Objects, bucket: str, port: int = 0) -> Iterator[Server]:
    """A server that answers while the block runs. Raises ConfigError for a port that is taken."""
    with Server(objects, bucket, port) as server:
        thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="gallery")
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Server(ThreadingHTTPServer):
    """Serves one bucket's gallery and outputs, read only."""

    daemon_threads = True

    def __init__(self, objects: Objects, bucket: str, port: int = 0) -> None:
        """Raises ConfigError for a port that is taken."""
        self.objects = objects
        self.bucket = bucket
        self.word = secrets.token_urlsafe(16)
        try:
            super().__init__((HOST, port), Handler)
        except OSError as error:
            raise ConfigError(
                f"the gallery cannot be served on port {port}",
                found=str(error),
                expected="a free port",
                fix="choose another port, or 0 for any free one",
            ) from error

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{HOST}:{self.server_port}/{self.word}/{site.key()}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is not an event worth a traceback on the terminal."""


class Handler(BaseHTTPRequestHandler):
    """One request for an object; its path is `/WORD/KEY`."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.headers.get("Host") != f"{HOST}:{self.server.server_port}":
            self._say(403, f"Only {HOST} is served here.")
            return
        _, word, *rest = urlsplit(self.path).path.split("/", 2)
        if not rest or not secrets.compare_digest(word.encode(), self.server.word.encode()):
            self._say(404, "There is nothing here.")
            return
        try:
            self._object(unquote(rest[0]))
        except (BatchkitError, Rejected) as error:
            self._say(502, str(error))

    do_HEAD = do_GET  # noqa: N815 (the standard library's name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the standard library's name)
        """No line per request."""

    def _object(self, key: str) -> None:
        found = self.server.objects.get(self.server.bucket, key)
        if found is None:
            self._say(404, "There is no such object.")
            return
        headers = {**COMMON, **headers_of(key), "ETag": f'"{found.etag}"'}
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self._answer(304, headers, b"")
        else:
            self._answer(200, headers, found.body)

    def _say(self, status: int, text: str) -> None:
        self._answer(status, {**COMMON, "Content-Type": "text/plain; charset=utf-8"}, f"{text}\n".encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)


def headers_of(key: str) -> dict[str, str]:
    """Content-Type and what goes with it: by the key, for what an object says of itself is not believed."""
    if key.startswith(names.GALLERY):
        ending = f".{key.rpartition('.')[2]}"
        kind = {"Content-Type": site.TYPES.get(ending, OTHER)}
        return {**kind, "Content-Encoding": "gzip"} if ending == ".json" else kind
    return {"Content-Type": PICTURES.get(key.rpartition(".")[2].lower(), OTHER), **OUTPUT}
