"""Tests of batchkit.aws.uploading."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.answers import Answers, error
from support.failing_calls import FailingCalls, Way, first_attempts
from support.moto_world import World, moto_clients

from batchkit.aws.uploading import PART_BYTES, _parts, upload
from batchkit.errors import BatchkitError, ConfigError, DataError, Throttled

MIB = 2**20
CHUNKS = st.lists(st.binary(max_size=7), max_size=12)


@given(CHUNKS, st.integers(1, 9))
def test_parts_are_the_same_bytes_and_all_full_but_the_last(chunks: list[bytes], size: int) -> None:
    parts = list(_parts(chunks, size))
    assert b"".join(parts) == b"".join(chunks)
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts[-1:])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(chunks=CHUNKS)
def test_a_small_body_is_one_request(world: World, chunks: list[bytes]) -> None:
    body = b"".join(chunks)
    assert upload(world.clients.s3, world.artifacts, "k", chunks, "text/x") == len(body)
    assert world.objects.get(world.artifacts, "k").body == body  # type: ignore[union-attr]
    assert "-" not in world.objects.head(world.artifacts, "k").etag  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [5 * MIB + 1, 10 * MIB, 13 * MIB])
def test_a_large_body_comes_in_parts(world: World, size: int) -> None:
    piece = bytes(range(256)) * 4096
    chunks = [piece[: min(MIB, size - first)] for first in range(0, size, MIB)]
    assert upload(world.clients.s3, world.artifacts, "k", chunks, "text/x", part_bytes=5 * MIB) == size
    found = world.objects.get(world.artifacts, "k")
    assert found is not None
    assert found.body == b"".join(chunks)
    assert found.etag.endswith(f"-{-(-size // (5 * MIB))}")
    assert world.clients.s3.head_object(Bucket=world.artifacts, Key="k")["ContentType"] == "text/x"


@pytest.mark.parametrize(("size", "parts"), [(5 * MIB - 1, None), (5 * MIB, 1)])
def test_a_body_of_one_full_part_is_already_large(world: World, size: int, parts: int | None) -> None:
    upload(world.clients.s3, world.artifacts, "k", [b"x" * size], part_bytes=5 * MIB)
    head = world.objects.head(world.artifacts, "k")
    assert head is not None
    assert head.size == size
    assert head.etag.partition("-")[2] == str(parts or "")


@pytest.mark.parametrize("before", [0, 7, 12])
@pytest.mark.parametrize("cause", [DataError("line 9"), KeyboardInterrupt()])
def test_a_body_that_breaks_off_leaves_nothing_behind(
    world: World, before: int, cause: BaseException
) -> None:
    def breaking() -> Iterator[bytes]:
        for _ in range(before):
            yield b"x" * MIB
        raise cause

    with pytest.raises(type(cause)) as raised:
        upload(world.clients.s3, world.artifacts, "k", breaking(), part_bytes=5 * MIB)
    assert raised.value is cause
    assert world.objects.head(world.artifacts, "k") is None
    assert "Uploads" not in world.clients.s3.list_multipart_uploads(Bucket=world.artifacts)


@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload"])
def test_a_part_that_s3_refuses_aborts_the_upload(operation: str) -> None:
    with moto_clients() as clients:
        world = World(clients)
        Answers(clients.s3, operation, (503, error("SlowDown"), {}))
        with pytest.raises(Throttled, match=f"writing s3://{world.artifacts}/k"):
            upload(clients.s3, world.artifacts, "k", [b"x" * 6 * MIB], part_bytes=5 * MIB)
        assert "Uploads" not in clients.s3.list_multipart_uploads(Bucket=world.artifacts)


@pytest.mark.parametrize("way", ["unsent", "unanswered"])
def test_an_upload_survives_that_no_request_succeeds_at_once(way: Way) -> None:
    chunks = [bytes([number]) * MIB for number in range(11)]
    with moto_clients(attempts=5) as clients:
        world = World(clients)
        failing = FailingCalls(clients, way, first_attempts)
        assert upload(clients.s3, world.artifacts, "k", chunks, part_bytes=5 * MIB) == 11 * MIB
        failing.close()
        assert len(failing.calls) == 2 * len(["create", "part", "part", "part", "complete"])
        found = world.objects.get(world.artifacts, "k")
        assert found is not None
        assert found.body == b"".join(chunks)


@pytest.mark.parametrize("is_there", [True, False])
def test_an_upload_that_s3_forgot_is_complete_where_its_object_is_there(is_there: bool) -> None:
    body = b"x" * 6 * MIB
    with moto_clients() as clients:
        world = World(clients)
        # moto completes the upload, whatever is answered.
        Answers(clients.s3, "CompleteMultipartUpload", (404, error("NoSuchUpload"), {}))
        Answers(clients.s3, "HeadObject", *([] if is_there else [(404, b"", {})]))
        with nullcontext() if is_there else pytest.raises(BatchkitError):
            assert upload(clients.s3, world.artifacts, "k", [body], part_bytes=5 * MIB) == len(body)


def test_an_abort_that_fails_does_not_hide_the_cause() -> None:
    with moto_clients() as clients:
        world = World(clients)
        Answers(clients.s3, "UploadPart", (503, error("SlowDown"), {}))
        refused = Answers(clients.s3, "AbortMultipartUpload", (403, error("AccessDenied"), {}))
        with pytest.raises(Throttled):
            upload(clients.s3, world.artifacts, "k", [b"x" * 6 * MIB], part_bytes=5 * MIB)
        assert refused.asked == 1


def test_a_missing_bucket_is_an_error(world: World) -> None:
    with pytest.raises(ConfigError, match="no-such-bucket"):
        upload(world.clients.s3, "no-such-bucket", "k", [])


class Sink:
    """An S3 that forgets what it is sent."""

    def create_multipart_upload(self, **_: Any) -> Any:
        return {"UploadId": "u"}

    def upload_part(self, **_: Any) -> Any:
        return {"ETag": "e"}

    def complete_multipart_upload(self, **_: Any) -> None:
        pass


def test_memory_does_not_grow_with_the_body() -> None:
    sink: Any = Sink()
    tracemalloc.start()
    try:
        sent = upload(sink, "b", "k", (bytes(MIB) for _ in range(12 * PART_BYTES // MIB)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == 12 * PART_BYTES
    assert peak < 6 * PART_BYTES
