"""Tests of batchkit.aws.objects: what is there, what is not, and answers that break off."""

from __future__ import annotations

from typing import Any

import pytest
from support.answers import Answers, error
from support.moto_world import World, moto_clients, session

from batchkit.aws.clients import configuration
from batchkit.aws.objects import BODY_ATTEMPTS, Objects
from batchkit.errors import ConfigError, PermissionDenied, Rejected, Throttled


@pytest.fixture
def fresh_world() -> Any:
    """A world with clients of its own, because a test hooks into them."""
    with moto_clients() as clients:
        yield World(clients)


def test_an_object_comes_back_as_it_was_put(world: World) -> None:
    assert world.objects.put(world.outputs, "a b/ü", b"body", "image/webp", {"batchkit-x": "1"})
    found = world.objects.get(world.outputs, "a b/ü")
    head = world.objects.head(world.outputs, "a b/ü")
    assert found is not None
    assert head is not None
    assert (found.body, found.size, found.metadata) == (b"body", 4, {"batchkit-x": "1"})
    assert found.etag == "841a2d689ad86bd1611447453c22c6fc"
    assert (head.etag, head.modified, head.size) == (found.etag, found.modified, found.size)
    assert isinstance(found.modified, int)
    assert world.clients.s3.head_object(Bucket=world.outputs, Key="a b/ü")["ContentType"] == "image/webp"


def test_what_is_missing_is_none(world: World) -> None:
    assert world.objects.head(world.outputs, "no") is None
    assert world.objects.get(world.outputs, "no") is None
    assert world.objects.get_range(world.outputs, "no", 0, 5) is None
    assert world.objects.get_range(world.outputs, "no", 5, 5) is None


def test_an_object_with_another_etag_is_not_the_one(world: World) -> None:
    source = world.put("a", b"x")
    assert world.objects.get(world.uploads, "a", etag="another") is None
    found = world.objects.get(world.uploads, "a", etag=source.etag)
    assert found is not None


def test_a_missing_bucket_is_not_a_missing_object(world: World) -> None:
    with pytest.raises(ConfigError, match="no-such-bucket"):
        world.objects.get("no-such-bucket", "key")


def test_a_range_is_first_to_stop_and_knows_the_whole_size(world: World) -> None:
    world.put("a", b"0123456789")
    part = world.objects.get_range(world.uploads, "a", 2, 5)
    assert part is not None
    assert (part.body, part.size) == (b"234", 10)


@pytest.mark.parametrize(("first", "stop"), [(8, 12), (10, 12), (50, 60), (3, 3), (0, 2**63)])
def test_a_range_that_is_not_all_there_is_empty(world: World, first: int, stop: int) -> None:
    world.put("a", b"0123456789")
    part = world.objects.get_range(world.uploads, "a", first, stop)
    assert part is not None
    assert (part.body, part.size) == (b"", 10)


def test_only_the_first_of_two_conditional_writes_wins(world: World) -> None:
    assert world.objects.put(world.outputs, "a", b"1", "text/plain", only_if_absent=True)
    assert not world.objects.put(world.outputs, "a", b"2", "text/plain", only_if_absent=True)
    assert world.objects.put(world.outputs, "a", b"3", "text/plain")
    assert world.output("a") == b"3"


def test_a_conflict_between_two_writers_counts_as_lost(fresh_world: World) -> None:
    Answers(fresh_world.clients.s3, "PutObject", (409, error("ConditionalRequestConflict"), {}))
    assert not fresh_world.objects.put(fresh_world.outputs, "a", b"", "text/plain", only_if_absent=True)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (500, "InternalError", Throttled),
        (503, "SlowDown", Throttled),
        (400, "RequestTimeout", Throttled),
        (403, "AccessDenied", PermissionDenied),
        (400, "ExpiredToken", PermissionDenied),
        (403, "InvalidObjectState", Rejected),
        (301, "PermanentRedirect", ConfigError),
    ],
)
def test_an_answer_that_is_an_error_has_its_cause(
    fresh_world: World, status: int, code: str, expected: type[Exception]
) -> None:
    Answers(fresh_world.clients.s3, "GetObject", *[(status, error(code), {})] * 3)
    with pytest.raises(expected):
        fresh_world.objects.get(fresh_world.uploads, "a")


def test_a_head_that_is_refused_is_never_taken_for_missing(fresh_world: World) -> None:
    Answers(fresh_world.clients.s3, "HeadObject", (403, b"", {}))
    with pytest.raises(PermissionDenied, match="ListBucket"):
        fresh_world.objects.head(fresh_world.uploads, "a")


BROKEN_OFF = (
    200,
    b"part",
    {"Content-Length": "10", "ETag": '"e"', "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"},
)


def test_a_body_that_breaks_off_is_read_again(fresh_world: World) -> None:
    fresh_world.put("a", b"0123456789")
    answers = Answers(fresh_world.clients.s3, "GetObject", BROKEN_OFF)
    found = fresh_world.objects.get(fresh_world.uploads, "a")
    assert found is not None
    assert (found.body, answers.asked) == (b"0123456789", 2)


def test_a_body_that_always_breaks_off_is_a_reason_to_retry_later(fresh_world: World) -> None:
    answers = Answers(fresh_world.clients.s3, "GetObject", *[BROKEN_OFF] * 10)
    with pytest.raises(Throttled):
        fresh_world.objects.get(fresh_world.uploads, "a")
    assert answers.asked == BODY_ATTEMPTS


def test_a_client_that_reaches_nobody_is_a_reason_to_retry_later() -> None:
    client = session().client("s3", endpoint_url="http://127.0.0.1:1", config=configuration(attempts=1))
    with pytest.raises(Throttled, match="reached"):
        Objects(client).head("bucket", "key")
