"""Streams over bare HTTP: they end when nobody reads at the other end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from batchkit.local.address import HOST
from batchkit.local.server import Call, Reply, Server

if TYPE_CHECKING:
    from collections.abc import Generator

PATIENCE = 60.0


class Source:
    """A stream without an end, of chunks that no buffer holds; tells when it was closed."""

    def __init__(self, chunk: bytes) -> None:
        self._chunk = chunk
        self.closed = threading.Event()

    def answer(self, call: Call) -> Reply:
        return Reply(200, (("Content-Type", "text/plain"),), stream=self._chunks())

    def _chunks(self) -> Generator[bytes, None, None]:
        try:
            while True:
                yield self._chunk
        finally:
            self.closed.set()


@contextmanager
def serving(source: Source, slow: float) -> Iterator[Server]:
    server = Server(0, slow)
    server.start(source.answer)
    try:
        yield server
    finally:
        server.stop()


def connected(server: Server, method: str = "GET") -> socket.socket:
    client = socket.create_connection((HOST, server.port), timeout=PATIENCE)
    client.sendall(f"{method} / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    return client


def test_a_client_that_takes_nothing_loses_its_stream() -> None:
    source = Source(b"x" * 2**20)
    with serving(source, slow=0.1) as server, connected(server):
        assert source.closed.wait(PATIENCE)


def test_a_client_that_goes_away_ends_its_stream() -> None:
    source = Source(b"x" * 2**10)
    with serving(source, slow=PATIENCE) as server:
        with connected(server) as client:
            assert client.recv(2**16)
        assert source.closed.wait(PATIENCE)


def test_a_slow_client_holds_up_nobody_else() -> None:
    source = Source(b"x" * 2**20)
    with serving(source, slow=PATIENCE) as server, connected(server):
        other = HTTPConnection(HOST, server.port, timeout=PATIENCE)
        other.request("GET", "/")
        assert other.getresponse().read(4) == b"xxxx"
        other.close()


def test_a_head_request_has_no_stream() -> None:
    with serving(Source(b"x"), slow=PATIENCE) as server, connected(server, "HEAD") as client:
        answer = client.recv(2**16)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"Connection: close\r\n\r\n")
        assert client.recv(1) == b""
