"""Tests of batchkit.worker.shard: recipe and manifest, whole and damaged."""

from __future__ import annotations

import msgspec
import pytest
from support.jobs import recipe
from support.moto_world import RUN, World, bulk, upload

from batchkit import canonical
from batchkit.aws.objects import Objects, Part
from batchkit.errors import EX_DATAERR, DataError
from batchkit.planning import names
from batchkit.planning.manifest import Source
from batchkit.worker import shard

COPIES = recipe(["a", "b"])
SOURCES = [Source("bucket", f"photo {n}.jpg", size=n) for n in range(10)]


def load(world: World, index: int = 1, sources: int = 10) -> tuple[shard.Work, ...]:
    return shard.load(world.objects, world.artifacts, bulk(COPIES, sources, 6, index=index), COPIES.tasks)


def test_a_child_reads_its_sources_and_no_others(world: World) -> None:
    world.submit(COPIES, SOURCES)
    assert [work.source for work in load(world, index=1)] == SOURCES[3:6]
    assert [work.source for work in load(world, index=3)] == SOURCES[9:]
    assert load(world, index=4) == ()


def test_a_child_reads_two_ranges_however_large_the_run_is(world: World) -> None:
    class Counting(Objects):
        def get_range(self, bucket: str, key: str, first: int, stop: int) -> Part | None:
            reads.append((key, stop - first))
            return super().get_range(bucket, key, first, stop)

    reads: list[tuple[str, int]] = []
    many = [Source("bucket", f"{n:05d}") for n in range(2000)]
    world.submit(COPIES, many)
    shard.load(Counting(world.clients.s3), world.artifacts, bulk(COPIES, 2000, 6, index=400), COPIES.tasks)
    line = len(msgspec.json.encode(many[0])) + 1
    assert reads == [(names.index_key(RUN), 4 * 8), (names.manifest_key(RUN), 3 * line)]


def test_an_upload_has_its_source_from_its_parameters(world: World) -> None:
    (work,) = shard.load(world.objects, world.artifacts, upload(COPIES, SOURCES[3], 1), COPIES.tasks)
    assert (work.source, [task.name for task in work.tasks]) == (SOURCES[3], ["b"])


def test_a_source_without_a_wanted_task_in_this_shard_is_left_out(world: World) -> None:
    world.submit(COPIES, [msgspec.structs.replace(source, tasks=("b",)) for source in SOURCES])
    assert [[task.name for task in work.tasks] for work in load(world)] == [["b"]] * 3


def test_a_task_that_the_recipe_does_not_have_is_bad_data(world: World) -> None:
    world.submit(COPIES, [msgspec.structs.replace(source, tasks=("huge",)) for source in SOURCES])
    with pytest.raises(DataError, match="huge"):
        load(world)


@pytest.mark.parametrize(
    ("index", "manifest"),
    [
        (lambda data: data[:-8], lambda data: data),
        (lambda data: data[:30], lambda data: data),
        (lambda data: b"", lambda data: data),
        (lambda data: data + bytes(8), lambda data: data),
        (lambda data: b"\xff" * len(data), lambda data: data),
        (lambda data: bytes(len(data)), lambda data: data),
        (lambda data: data[:32] + data[24:32] * 7, lambda data: data),
        (lambda data: data, lambda data: data[:100]),
        (lambda data: data, lambda data: b""),
        (lambda data: data, lambda data: data.replace(b"{", b"[")),
        (lambda data: data, lambda data: data.replace(b'"key"', b'"kay"')),
        (lambda data: data, lambda data: data.replace(b"photo", b"\xff\xfe\xfd\xfc\xfb")),
        (lambda data: data, lambda data: data.replace(b"\n", b" ")),
    ],
)
def test_a_damaged_manifest_or_index_stops_the_child_as_bad_data(world: World, index, manifest) -> None:  # type: ignore[no-untyped-def]
    world.submit(COPIES, SOURCES)
    for key, damage in ((names.index_key(RUN), index), (names.manifest_key(RUN), manifest)):
        stored = world.objects.get(world.artifacts, key)
        assert stored is not None
        world.objects.put(world.artifacts, key, damage(stored.body), "text/plain")
    with pytest.raises(DataError) as caught:
        load(world)
    assert caught.value.exit_code == EX_DATAERR


@pytest.mark.parametrize("sources", [9, 11])
def test_an_index_of_another_length_than_the_run_is_bad_data(world: World, sources: int) -> None:
    world.submit(COPIES, SOURCES)
    with pytest.raises(DataError, match="number of sources"):
        load(world, sources=sources)


@pytest.mark.parametrize("key", [names.index_key(RUN), names.manifest_key(RUN)])
def test_a_missing_manifest_or_index_is_named(world: World, key: str) -> None:
    world.submit(COPIES, SOURCES)
    world.clients.s3.delete_object(Bucket=world.artifacts, Key=key)
    with pytest.raises(DataError, match="missing") as caught:
        load(world)
    assert key in str(caught.value)


def test_the_recipe_is_loaded_by_its_digest(world: World) -> None:
    world.submit(COPIES, SOURCES)
    assert shard.load_recipe(world.objects, world.artifacts, COPIES.digest).digest == COPIES.digest


@pytest.mark.parametrize("document", [b"", b"{}", COPIES.document + b" "])
def test_a_recipe_that_is_not_what_its_name_promises_is_bad_data(world: World, document: bytes) -> None:
    world.objects.put(world.artifacts, names.recipe_key(COPIES.digest), document, "application/json")
    with pytest.raises(DataError, match="name promises"):
        shard.load_recipe(world.objects, world.artifacts, COPIES.digest)


def test_a_missing_recipe_is_bad_data(world: World) -> None:
    with pytest.raises(DataError, match="recipe is missing"):
        shard.load_recipe(world.objects, world.artifacts, canonical.digest(b""))
