"""`.ci/engine` asks the engine that it is told to ask, and starts none in its place."""

from __future__ import annotations

import http.server
import os
import socketserver
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[3] / ".ci/engine"
NOTHING_MISSING = ("docker", "mmdebstrap", "docker-registry")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of commands: a client that understands no engine, and a dockerd that tells that it was run."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NOTHING_MISSING:
        _command(folder / name, "exit 1")
    _command(folder / "dockerd", f"touch {tmp_path}/started")
    return folder


def _command(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def run(tools: Path, host: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "DOCKER_HOST": host}
    return subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=120)


class _Ping(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def address_string(self) -> str:
        return "a socket"


@contextmanager
def engine_at(path: Path) -> Iterator[None]:
    with socketserver.UnixStreamServer(str(path), _Ping) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_an_engine_that_is_named_and_silent_is_not_replaced(tools: Path, host: str) -> None:
    ended = run(tools, host)
    assert ended.returncode == 69
    assert f"DOCKER_HOST={host}" in ended.stderr
    assert not (tools.parent / "started").exists()


def test_an_engine_that_is_older_than_its_client_answers_on_the_socket_that_is_named(
    tools: Path, tmp_path: Path
) -> None:
    with engine_at(tmp_path / "s"):
        ended = run(tools, f"unix://{tmp_path}/s")
    assert (ended.returncode, ended.stderr) == (0, "")
