"""The live page over bare HTTP: what it answers, and to whom."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING, Any

import pytest

from batchkit.local.address import LIVE_PATH
from batchkit.local.live.site import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.stack_world import StackWorld


@pytest.fixture(scope="module")
def world() -> Iterator[StackWorld]:
    from support.stack_world import running

    with running() as world:
        yield world


class Asked:
    """An answer, its stream unread."""

    def __init__(self, world: StackWorld, path: str, method: str = "GET", **headers: str) -> None:
        place = world.stack.endpoint.removeprefix("http://")
        self.connection = HTTPConnection(place, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, headers={"Host": place, **named})
        self.answer: HTTPResponse = self.connection.getresponse()

    def __enter__(self) -> HTTPResponse:
        return self.answer

    def __exit__(self, *_: object) -> None:
        self.answer.close()
        self.connection.close()


def status(world: StackWorld, path: str, method: str = "GET", **headers: str) -> int:
    with Asked(world, path, method, **headers) as answer:
        return answer.status


def read(world: StackWorld, path: str) -> Any:
    with Asked(world, path) as answer:
        assert answer.status == 200
        return json.loads(answer.read())


@pytest.mark.parametrize("name", ["", *sorted(path.name for path in FOLDER.iterdir())])
def test_each_file_of_the_page_is_served_under_a_policy_that_lets_nothing_in(
    world: StackWorld, name: str
) -> None:
    with Asked(world, LIVE_PATH + name) as answer:
        body = answer.read()
    assert answer.status == 200
    assert body == (FOLDER / (name or "index.html")).read_bytes()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not [header for header in answer.headers if header.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", ["../site.py", "..%2fsite.py", "none", "index.html/", "%2e%2e/"])
def test_there_is_nothing_else(world: StackWorld, path: str) -> None:
    assert status(world, LIVE_PATH + path) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["", "events", "logs", "children"])
def test_it_only_reads(world: StackWorld, method: str, path: str) -> None:
    assert status(world, LIVE_PATH + path, method) == 405


@pytest.mark.parametrize("path", ["", "live.js", "events", "logs?job=x", "children?job=x"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "rebound.example:4566"},
        {"Host": "127.0.0.1.rebound.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "http://localhost:3000", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "http://127.0.0.1:3000", "Sec_Fetch_Site": "same-site"},
    ],
    ids=lambda headers: " ".join(f"{name}={value}" for name, value in headers.items()),
)
def test_a_page_of_somebody_else_reads_nothing(world: StackWorld, path: str, headers: dict[str, str]) -> None:
    with Asked(world, LIVE_PATH + path, **headers) as answer:
        assert answer.status == 403
        assert not [header for header in answer.headers if header.lower().startswith("access-control-")]


def test_the_page_itself_and_programs_may_read(world: StackWorld) -> None:
    assert status(world, LIVE_PATH, Sec_Fetch_Site="none") == 200
    assert status(world, f"{LIVE_PATH}children?job=x", Sec_Fetch_Site="same-origin") == 200
    with Asked(world, f"{LIVE_PATH}events", Sec_Fetch_Site="same-origin") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.readline() == b"event: hello\n"


def test_a_key_of_a_bucket_in_the_hosts_name_is_still_a_key(world: StackWorld) -> None:
    bucket = world.bucket("virtual-live")
    world.s3.put_object(Bucket=bucket, Key="_batchkit/index.html", Body=b"a user's own")
    port = world.stack.endpoint.rpartition(":")[2]
    signed = world.client(
        "s3", endpoint=f"http://localhost:{port}", s3={"addressing_style": "virtual"}
    ).generate_presigned_url("get_object", {"Bucket": bucket, "Key": "_batchkit/index.html"})
    path = signed.split(f":{port}", 1)[1]
    with Asked(world, path, Host=f"{bucket}.localhost:{port}") as answer:
        assert answer.read() == b"a user's own"


def test_what_happens_comes_over_the_stream(world: StackWorld) -> None:
    with Asked(world, f"{LIVE_PATH}events") as answer:
        world.put_event({"key": "seen.jpg"})
        lines = iter(answer.readline, b"")
        data = next(line for line in lines if b"seen.jpg" in line)
    (line,) = (one for one in json.loads(data.removeprefix(b"data: "))["lines"] if one.get("event"))
    assert (line["kind"], line["event"]["subject"]) == ("event", "seen.jpg")


def test_jobs_that_are_not_there_have_neither_children_nor_logs(world: StackWorld) -> None:
    assert read(world, f"{LIVE_PATH}children?job=none") == []
    assert status(world, f"{LIVE_PATH}logs?job=none") == 404
    assert status(world, f"{LIVE_PATH}logs") == 404
