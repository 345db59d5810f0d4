"""HTTP on 127.0.0.1: one request in memory, one response in memory, a server that stops within a second."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wrappers import Request as WsgiRequest

from batchkit.errors import ConfigError
from batchkit.local.address import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers

BODILESS = frozenset({204, 304})
# How long a client of a stream may take nothing: then nobody reads at the other end.
SLOW_SECONDS = 10.0


@dataclass(frozen=True)
class Reply:
    """A whole response: status, headers as sent, body.

    One with a `stream` has no end of its own: its chunks are sent as they come, until they end, the client
    goes away, or it takes nothing for too long.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    stream: Generator[bytes, None, None] | None = None

    @property
    def sized_headers(self) -> list[tuple[str, str]]:
        """The headers with the length that keeps the connection usable; HEAD brings its own."""
        if self.stream is not None:
            return [*self.headers, ("Connection", "close")]
        names = {name.lower() for name, _ in self.headers}
        if "content-length" in names or self.status in BODILESS:
            return list(self.headers)
        return [*self.headers, ("Content-Length", str(len(self.body)))]


@dataclass
class Call:
    """One request with its body read: nobody who holds a lock waits for a slow client."""

    environ: WSGIEnvironment
    body: bytes
    headers: Headers

    @classmethod
    def read(cls, environ: WSGIEnvironment) -> Call:
        """Reads the body (with Content-Length or chunked) and puts it back for whoever comes next."""
        request = WsgiRequest(environ)
        body = request.get_data(cache=False)
        return cls(environ=environ, body=body, headers=request.headers)

    @cached_property
    def path(self) -> str:
        """The path as it arrived, percent-encoding included, without the query."""
        return str(self.environ.get("RAW_URI", self.environ.get("PATH_INFO", ""))).split("?", 1)[0]

    @property
    def source_ip(self) -> str:
        return str(self.environ.get("REMOTE_ADDR", HOST))

    @cached_property
    def scope(self) -> tuple[str, str] | None:
        """(region, service) of the signature; None for an unsigned or presigned request.

        The credential of SigV4 is `key/date/region/service/aws4_request`.
        """
        _, found, rest = self.headers.get("Authorization", "").partition("Credential=")
        parts = rest.split(",", 1)[0].strip().split("/")
        return (parts[-3], parts[-2].lower()) if found and len(parts) >= 5 else None

    @property
    def service(self) -> str | None:
        """The signing name of the service that is called, None for an unsigned request."""
        return self.scope[1] if self.scope is not None else None


@dataclass
class Connections:
    """The open connections of a server, so that stopping it does not wait for idle clients."""

    sockets: set[socket.socket] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def add(self, connection: socket.socket) -> None:
        with self.lock:
            self.sockets.add(connection)

    def discard(self, connection: socket.socket) -> None:
        with self.lock:
            self.sockets.discard(connection)

    def shut(self) -> None:
        with self.lock:
            for connection in self.sockets:
                _shut(connection)


class Handler(MotoRequestHandler):
    """moto's handler (it keeps underscores in metadata names), silent, with connections kept alive."""

    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: with Nagle's algorithm each answer would wait 40 ms for an ACK.
    disable_nagle_algorithm = True
    server: Server

    def run_wsgi(self) -> None:
        """One request. werkzeug's own closes each connection and drains what the client sent next."""
        reply = self.server.answer(Call.read(self.make_environ()))
        self.send_response(reply.status)
        for name, value in reply.sized_headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or reply.status in BODILESS:
            return
        if reply.stream is not None:
            self._stream(reply.stream)
        else:
            self.wfile.write(reply.body)

    def _stream(self, chunks: Generator[bytes, None, None]) -> None:
        """The chunks to a client that takes them; it is closed in any case."""
        self.close_connection = True
        self.connection.settimeout(self.server.slow)
        with closing(chunks):
            try:
                for chunk in chunks:
                    self.wfile.write(chunk)
            except OSError:
                return  # gone, or too slow

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        """No line per request: what happens is told to the observer."""


class Server(ThreadedWSGIServer):
    """A werkzeug server that answers whole calls and knows its connections."""

    answer: Callable[[Call], Reply]

    def __init__(self, port: int, slow: float = SLOW_SECONDS) -> None:
        """`slow` is how many seconds a client of a stream may take nothing."""
        self.slow = slow
        self.connections = Connections()
        listener = _listen(port)
        try:
            super().__init__(HOST, port, _no_wsgi, handler=Handler, fd=listener.fileno())
        finally:
            listener.close()
        self.port = int(self.socket.getsockname()[1])
        self._accepting = Thread(target=self.serve_forever, args=(0.05,), name="endpoint", daemon=True)

    def start(self, answer: Callable[[Call], Reply]) -> None:
        """From now on `answer` answers; until then clients wait."""
        self.answer = answer
        self._accepting.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not an event worth a traceback on the terminal."""

    def stop(self) -> None:
        """Accepts nothing more, ends the open connections; returns when the port is free."""
        if self._accepting.is_alive():
            self.shutdown()
            self._accepting.join()
        self.server_close()
        self.connections.shut()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=128)
    except OSError as error:
        raise ConfigError(
            f"the local stack cannot listen on port {port}",
            found=str(error),
            expected="a free port",
            fix="choose another port, or 0 for any free one",
        ) from error


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster


def _no_wsgi(*_args: object) -> list[bytes]:
    """werkzeug asks for an application; `Handler` goes to `Server.answer` instead."""
    return []
