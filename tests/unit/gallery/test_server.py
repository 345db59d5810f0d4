from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from support.gallery import House

from batchkit.errors import ConfigError
from batchkit.gallery.server import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "a//b/../ü & <b>.webp"


@pytest.fixture
def server(house: House) -> Iterator[Server]:
    house.world.objects.put(house.world.outputs, KEY, b"picture", "text/html")
    house.files.change("_gallery/data/x.json", lambda _: {"a": 1})
    with serving(house.world.objects, house.world.outputs) as running:
        yield running


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_an_output_is_served_by_its_very_key_as_data_that_runs_nothing(server: Server) -> None:
    answer = ask(server, f"/{server.word}/{quote(KEY)}")
    assert (answer.status, answer.body) == (200, b"picture")  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "image/webp"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_gallerys_json_is_told_to_be_compressed_and_asked_for_once(server: Server) -> None:
    path = f"/{server.word}/_gallery/data/x.json"
    answer = ask(server, path)
    assert (answer.headers["Content-Type"], answer.headers["Content-Encoding"]) == (
        "application/json",
        "gzip",
    )
    again = ask(server, path, If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")  # type: ignore[attr-defined]
    head = ask(server, path, "HEAD")
    assert (head.status, head.body) == (200, b"")  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/", "//", "/guess/_gallery/data/x.json", "/guess", "/é/x"])
def test_without_the_word_there_is_nothing(server: Server, path: str) -> None:
    assert ask(server, quote(path)).status == 404


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1.evil.example:80"])
def test_a_page_under_another_name_gets_no_answer(server: Server, host: str) -> None:
    assert ask(server, urlsplit(server.url).path, Host=host).status == 403


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_nothing_can_be_written(server: Server, method: str) -> None:
    assert ask(server, f"/{server.word}/{quote(KEY)}", method).status == 501


def test_what_is_not_there_or_cannot_be_read_is_said(server: Server) -> None:
    assert ask(server, f"/{server.word}/none.webp").status == 404
    server.bucket = "no-such-bucket"
    assert ask(server, f"/{server.word}/{quote(KEY)}").status == 502


def test_a_port_that_is_taken_is_a_configuration_error(server: Server, house: House) -> None:
    with pytest.raises(ConfigError, match="cannot be served on port"):
        Server(house.world.objects, house.world.outputs, server.server_port)
