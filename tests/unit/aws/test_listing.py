"""Tests of batchkit.aws.listing: each key exactly once, whatever the keys are."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.answers import Answers, error
from support.failing_calls import FailingCalls, Way, first_attempts
from support.moto_world import World, moto_clients
from support.small_pages import SmallPages

from batchkit.aws.cutting import MAX_PROBES
from batchkit.aws.listing import RANGES_A_THREAD, list_objects
from batchkit.errors import ConfigError, Throttled
from batchkit.planning.selection import Listed

# What breaks paths, URLs, XML and comparisons; the two last are in another order in UTF-16.
NASTY = st.text(st.sampled_from("ab//.+% &?#<\n\t\x7f\"'\\~é\uffee😀"), min_size=1, max_size=8)
KEYS = st.lists(NASTY, max_size=40, unique=True)

_buckets = itertools.count()


def filled(client: Any, keys: list[str]) -> str:
    bucket = f"listed-{next(_buckets)}"
    client.create_bucket(Bucket=bucket)
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket


def keys_of(listed: list[Listed]) -> list[str]:
    return [one.source.key for one in listed]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(keys=KEYS, data=st.data(), size=st.integers(1, 5), threads=st.integers(1, 4))
def test_every_key_of_a_prefix_comes_exactly_once(
    world: World, keys: list[str], data: st.DataObject, size: int, threads: int
) -> None:
    prefix = data.draw(st.sampled_from(["", *(key[: 1 + len(key) // 2] for key in keys)]))
    client: Any = SmallPages(world.clients.s3, size)
    found = keys_of(list(list_objects(client, filled(world.clients.s3, keys), prefix, threads)))
    expected = sorted(key for key in keys if key.startswith(prefix))
    assert sorted(found) == expected
    if threads == 1:
        assert found == expected


@pytest.mark.parametrize(
    "keys",
    [
        [f"{user:03d}/photo.jpg" for user in range(120)],
        [f"{n:02x}{n * 7919:06x}.jpg" for n in range(0, 256, 2)],
        [f"a/b/c/{day:02d}/{n}.jpg" for day in range(10) for n in range(10)],
        [f"one-folder/IMG_{n:04d}.jpg" for n in range(60)],
        [f"up/{n}/" * (n % 3 + 1) + "x" for n in range(90)],
        [f"{letter}{rest}" for letter in "abcdefghijklmno" for rest in ("", "/", "/1", "1", "1/", "12")],
    ],
    ids=["a folder each", "flat and random", "deep", "flat and alike", "mixed depths", "keys that are cuts"],
)
def test_the_shape_of_the_keys_does_not_matter(world: World, keys: list[str]) -> None:
    client: Any = SmallPages(world.clients.s3, 10)
    bucket = filled(world.clients.s3, keys)
    assert sorted(keys_of(list(list_objects(client, bucket, threads=3)))) == sorted(keys)
    ranges = 3 * RANGES_A_THREAD + 1
    assert len(client.requests) <= len(keys) / 10 + ranges + MAX_PROBES + 1


def test_a_small_prefix_is_one_request(world: World) -> None:
    client: Any = SmallPages(world.clients.s3, 1000)
    assert len(list(list_objects(client, filled(world.clients.s3, ["a", "b/c"])))) == 2
    assert len(client.requests) == 1


def test_an_object_comes_with_its_facts(world: World) -> None:
    source = world.put("a b/ü+%.jpg", b"12345")
    head = world.objects.head(world.uploads, "a b/ü+%.jpg")
    assert head is not None
    assert list(list_objects(world.clients.s3, world.uploads)) == [Listed(source, 5, head.modified)]


def test_folder_markers_are_no_sources(world: World) -> None:
    for key, body in {"a/": b"", "a/b": b"", "c/": b"x"}.items():
        world.put(key, body)
    assert keys_of(list(list_objects(world.clients.s3, world.uploads))) == ["a/b", "c/"]


def test_nothing_is_listed_ahead_of_what_is_asked_for(world: World) -> None:
    keys = [f"{n % 10}/{n:03d}" for n in range(200)]
    client: Any = SmallPages(world.clients.s3, 2)
    objects = list_objects(client, filled(world.clients.s3, keys), threads=2)
    for _ in range(10):
        next(objects)
    objects.close()  # type: ignore[attr-defined]
    pages = [
        request for request in client.requests if "Delimiter" not in request and "MaxKeys" not in request
    ]
    assert len(pages) <= 10


def test_an_empty_prefix_has_no_objects_and_a_missing_bucket_is_an_error(world: World) -> None:
    assert list(list_objects(world.clients.s3, world.uploads, "none/")) == []
    with pytest.raises(ConfigError, match="no-such-bucket"):
        list(list_objects(world.clients.s3, "no-such-bucket"))


def test_a_page_that_fails_ends_the_listing_with_its_cause() -> None:
    with moto_clients() as clients:
        world = World(clients)
        for number in range(30):
            world.put(f"{number}/x", b"x")
        client: Any = SmallPages(clients.s3, 3)
        objects = list_objects(client, world.uploads, threads=3)
        next(objects)
        answers = Answers(clients.s3, "ListObjectsV2", *[(503, error("SlowDown"), {})] * 100)
        with pytest.raises(Throttled, match="listing s3://"):
            list(objects)
        assert answers.asked


@pytest.mark.parametrize("way", ["unsent", "unanswered"])
def test_a_listing_survives_that_no_request_succeeds_at_once(way: Way) -> None:
    with moto_clients(attempts=5) as clients:
        keys = [f"{n % 4}/{n:03d}" for n in range(40)]
        client: Any = SmallPages(clients.s3, 8)
        bucket = filled(clients.s3, keys)
        failing = FailingCalls(clients, way, first_attempts)
        assert sorted(keys_of(list(list_objects(client, bucket, threads=2)))) == sorted(keys)
        assert len(failing.calls) > len(client.requests) > 5


class EmptyPage:
    """S3 may answer with no key and more to come, as in a bucket with many delete markers."""

    def __init__(self, client: Any) -> None:
        self._client, self._first = client, True

    def list_objects_v2(self, **arguments: Any) -> Any:
        if self._first:
            self._first = False
            return {"IsTruncated": True, "NextContinuationToken": "next"}
        arguments.pop("ContinuationToken", None)
        return self._client.list_objects_v2(**arguments)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_page_without_keys_is_not_the_end(world: World, threads: int) -> None:
    keys = ["a/1", "b/2", "c"]
    client: Any = EmptyPage(world.clients.s3)
    assert (
        sorted(keys_of(list(list_objects(client, filled(world.clients.s3, keys), threads=threads)))) == keys
    )
