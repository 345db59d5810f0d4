"""Reading this machine."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest

from batchkit import resources
from batchkit.errors import BatchkitError, ConfigError
from batchkit.local.address import DEFAULT_PORT, LIVE_PATH
from batchkit.local.docker import ownership
from batchkit.local.docker.ownership import Owner
from batchkit.local.doctor import machine
from batchkit.local.live.site import FOLDER, INDEX
from batchkit.project import load

PATIENCE = 60.0


class OfTheStack(BaseHTTPRequestHandler):
    """The live page, as the stack serves it, and nothing else."""

    def do_GET(self) -> None:
        body = (FOLDER / INDEX).read_bytes() if self.path == LIVE_PATH else b"?"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class OfAnother(OfTheStack):
    def do_GET(self) -> None:
        self.send_error(404)


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port of a server that answers one request."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        yield server.server_port
        thread.join()


def test_the_live_page_tells_a_stack_from_another_program() -> None:
    with served(OfTheStack) as port:
        assert machine.listener("127.0.0.1", port, PATIENCE) == "a local stack"
    with served(OfAnother) as port:
        assert machine.listener("127.0.0.1", port, PATIENCE) == "another program"


def test_who_takes_a_connection_and_says_nothing_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert machine.listener("127.0.0.1", port, 0.05) == "a program that does not answer"


def test_who_speaks_something_else_is_another_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=_greet, args=(server,))
        thread.start()
        assert machine.listener("127.0.0.1", server.getsockname()[1], PATIENCE) == "another program"
        thread.join()


def _greet(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"220 mail.example.com\r\n")
        connection.recv(4096)


def test_a_port_where_nobody_listens_is_free() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    assert machine.listener("127.0.0.1", port) == "nobody"


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("", [("127.0.0.1", DEFAULT_PORT, False)]),
        ("https://s3.eu-west-1.amazonaws.com", [("127.0.0.1", DEFAULT_PORT, False)]),
        ("http://localhost:no", [("127.0.0.1", DEFAULT_PORT, False)]),
        ("http://localhost:1", [("localhost", 1, True), ("127.0.0.1", DEFAULT_PORT, False)]),
        (f"http://127.0.0.1:{DEFAULT_PORT}", [("127.0.0.1", DEFAULT_PORT, True)]),
    ],
)
def test_the_endpoint_is_looked_at_where_it_is_of_this_machine(
    url: str, places: list[tuple[str, int, bool]]
) -> None:
    assert [(one.host, one.port, one.named) for one in machine.places(url)] == places


def test_modules_that_are_not_there_are_told_by_extra() -> None:
    modules = {"json": "a", "no_such_module": "b", "nor_this": "b"}
    assert machine.missing(modules) == {"b": ("no_such_module", "nor_this")}


def test_the_versions_that_batchkit_is_tested_with_are_those_of_its_package() -> None:
    assert (3, 11) in machine.tested()


def test_the_shipped_job_tells_its_resizer() -> None:
    project = load(resources.path("examples/photos/batchkit.toml"), Path.cwd())
    told = machine.equipment(project)
    assert not isinstance(told, BatchkitError)
    assert set(told) == {"resizer"}


def test_a_job_that_does_not_load_is_an_error_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "job_of_the_doctor.py").write_text("raise ValueError('no licence')")
    text = resources.path("examples/photos/batchkit.toml").read_text()
    (tmp_path / "batchkit.toml").write_text(text.replace('"image-variants"', '"job_of_the_doctor:job"'))
    told = machine.equipment(load(None, tmp_path))
    assert isinstance(told, ConfigError)
    assert told.found == "ValueError: no licence"


def test_an_engine_that_is_not_there_is_an_error_in_its_place() -> None:
    # The SDK does not close the socket with which it finds no unix socket.
    assert isinstance(machine.docker({"DOCKER_HOST": "tcp://127.0.0.1:1"}), BatchkitError)


class Client:
    """The SDK's client of an engine with one container, which a dead stack has left."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.api = self
        self.base_url = "http+docker://localhost"
        self._problem = problem

    def info(self) -> dict[str, Any]:
        return {"NCPU": 2, "OSType": "linux", "Architecture": "aarch64", "ServerVersion": "29.0"}

    def containers(self, **_: object) -> list[dict[str, Any]]:
        if self._problem is not None:
            raise self._problem
        return [{"Id": "c", "Labels": Owner("dead", ownership.machine(), 2**22 + 1, "never").labels}]

    def volumes(self, **_: object) -> dict[str, None]:
        return {"Volumes": None}


def test_an_engine_tells_what_it_is_and_what_dead_stacks_have_left_on_it() -> None:
    assert machine._described(cast("Any", Client())) == machine.Docker(
        "linux/aarch64", "29.0", orphans=("dead",)
    )


def test_an_engine_that_goes_away_while_it_is_asked_is_an_error() -> None:
    with pytest.raises(ConfigError, match="does not list its containers"):
        machine._described(cast("Any", Client(OSError("gone"))))


def test_the_temporary_folder_is_the_one_that_python_chooses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = machine.room()
    assert isinstance(found, machine.Room)
    assert (found.folder, found.free > 0) == (str(tmp_path), True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert isinstance(machine.room(), ConfigError)
