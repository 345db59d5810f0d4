"""Tests of batchkit.runs.gc: what is garbage, and above all what is not."""

from __future__ import annotations

import tracemalloc
from threading import Barrier
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.calls import counted
from support.operating import Past
from support.projects import photos
from support.submitting import run_ledger

from batchkit.aws.objects import Head
from batchkit.planning import names
from batchkit.planning.manifest import Source
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.runs import gc
from batchkit.runs.gc import Garbage
from batchkit.worker.publish import RUN, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.moto_world import World

    from batchkit.runs.gc import Orphan


class Bin:
    """Garbage of a project whose buckets are the world's."""

    def __init__(self, world: World) -> None:
        self.world = world
        project = photos(1)
        object.__setattr__(
            project, "upload", msgspec.structs.replace(project.upload, bucket=world.uploads, prefix="")
        )
        object.__setattr__(project, "output", msgspec.structs.replace(project.output, bucket=world.outputs))
        self.garbage = Garbage(project, world.objects, run_ledger(world), world.artifacts)

    def output(self, source: Source, run: str, name: str = "x.bin") -> None:
        metadata = {RUN: run, SOURCE: names.source_id(source.bucket, source.key)}
        self.world.objects.put(self.world.outputs, name, b"out", "text/plain", metadata)

    def keys(self) -> list[str]:
        return [orphan.key for orphan in self.garbage.orphans_of(self.world.clients.s3)]


@pytest.fixture
def bin_(world: World) -> Bin:
    return Bin(world)


def gone(world: World, key: str) -> Source:
    source = world.put(key, b"body")
    world.objects.delete(world.uploads, key)
    return source


def uploaded(world: World, run: str, source: Source) -> None:
    url = f"s3://{source.bucket}/{source.key}"
    end = RunEnd(run, "upload", RunState.SUCCEEDED, Counts(done=1), 1, "d" * 64, "j", source=url)
    world.ledger.finish(end)


def test_the_ledger_knows_the_source_of_an_upload(world: World, bin_: Bin) -> None:
    for run, source in (("u-1", gone(world, "a ü.jpg")), ("u-2", world.put("b.jpg", b"body"))):
        uploaded(world, run, source)
        bin_.output(source, run, f"{run}.bin")
    assert bin_.keys() == ["u-1.bin"]


def test_the_manifest_knows_the_sources_of_a_bulk_run(world: World, bin_: Bin) -> None:
    past = Past(world, [gone(world, "a.jpg"), world.put("b.jpg", b"body")])
    for number, source in enumerate(past.sources):
        bin_.output(source, past.run, f"{number}.bin")
    assert bin_.keys() == ["0.bin"]


def test_what_nobody_can_explain_is_no_garbage(world: World, bin_: Bin) -> None:
    source = gone(world, "a.jpg")
    bin_.output(source, "u-forgotten", "forgotten.bin")
    world.objects.put(world.outputs, "foreign.bin", b"x", "text/plain")
    uploaded(world, "u-9", source)
    bin_.output(world.put("other.jpg", b"x"), "u-9", "other-source.bin")
    assert bin_.keys() == []


def orphaned(world: World, bin_: Bin, number: int) -> None:
    """So many uploads whose source is gone, each with one output."""
    for n in range(number):
        source = gone(world, f"{n}.jpg")
        uploaded(world, f"u-{n}", source)
        bin_.output(source, f"u-{n}", f"{n}.bin")


def test_orphans_are_deleted_with_one_request_each(world: World, bin_: Bin) -> None:
    orphaned(world, bin_, 5)
    with counted(world.clients) as calls:
        removed = {orphan.key: deleted for orphan, deleted in bin_.garbage.removed(world.clients.s3)}
    assert removed == {f"{n}.bin": True for n in range(5)}
    # The outputs, and their sources; nothing is looked at once more.
    assert (calls["HeadObject"], calls["DeleteObject"]) == (10, 5)
    assert bin_.keys() == []


def test_orphans_are_deleted_several_at_a_time(
    world: World, bin_: Bin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits for another one to be under way."""
    orphaned(world, bin_, 4)
    delete, pair = world.objects.delete, Barrier(2, timeout=30)

    def together(bucket: str, key: str, **options: Any) -> bool:
        pair.wait()
        return delete(bucket, key, **options)

    monkeypatch.setattr(bin_.garbage._objects, "delete", together)
    assert sum(deleted for _, deleted in bin_.garbage.removed(world.clients.s3)) == 4


def test_an_output_that_was_written_anew_or_deleted_since_the_look_is_left(
    world: World, bin_: Bin, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned(world, bin_, 3)
    found = bin_.garbage._blocks

    def later(*listed: Any) -> Iterator[list[Orphan]]:
        for block in found(*listed):
            world.objects.put(world.outputs, "0.bin", b"newer", "text/plain")
            world.objects.delete(world.outputs, "1.bin")
            yield block

    monkeypatch.setattr(bin_.garbage, "_blocks", later)
    removed = {orphan.key: deleted for orphan, deleted in bin_.garbage.removed(world.clients.s3)}
    assert removed == {"0.bin": False, "1.bin": False, "2.bin": True}
    assert world.output("0.bin") == b"newer"


def test_a_source_that_came_back_before_its_block_keeps_its_outputs(
    world: World, bin_: Bin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "BLOCK", 1)
    orphaned(world, bin_, 2)
    removing = bin_.garbage.removed(world.clients.s3)
    first, deleted = next(removing)
    assert deleted
    left = {"0.bin": "1.jpg", "1.bin": "0.jpg"}[first.key]
    world.put(left, b"back")
    assert list(removing) == []
    assert world.output(left.replace("jpg", "bin")) == b"out"


def test_each_manifest_is_read_once_and_the_ledger_asked_for_a_hundred_runs_at_a_time(
    world: World, bin_: Bin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "BLOCK", 4)
    past = Past(world, [gone(world, f"{number}.jpg") for number in range(6)])
    for number, source in enumerate(past.sources):
        for task in "ab":
            bin_.output(source, past.run, f"{number}/{task}.bin")
    for number in range(3):
        source = gone(world, f"upload-{number}.jpg")
        uploaded(world, f"u-{number}", source)
        bin_.output(source, f"u-{number}", f"u-{number}.bin")
    with counted(world.clients) as calls:
        assert len(bin_.keys()) == 15
    # Index and manifest; four runs, in one block; outputs, the manifest and the sources.
    assert (calls["GetObject"], calls["BatchGetItem"]) == (2, 1)
    assert calls["HeadObject"] == 15 + 1 + 9
    assert set(calls) == {"ListObjectsV2", "HeadObject", "GetObject", "BatchGetItem"}


def test_outputs_of_a_run_whose_manifest_has_expired_are_no_garbage(world: World, bin_: Bin) -> None:
    past = Past(world, [gone(world, "a.jpg")])
    bin_.output(past.sources[0], past.run)
    for key in (names.manifest_key(past.run), names.index_key(past.run)):
        world.objects.delete(world.artifacts, key)
    assert bin_.keys() == []


class Listed:
    """Outputs of one forgotten run, each of a source of its own, and nothing else."""

    def head(self, bucket: str, key: str) -> Head:
        return Head(bucket, key, "e", 1, 0, {RUN: "u-forgotten", SOURCE: names.source_id(bucket, key)})

    def records(self, runs: list[str]) -> dict[str, object]:
        return {}


def test_memory_does_not_grow_with_the_buckets(bin_: Bin) -> None:
    def listed(bucket: str, end: str, number: int) -> Iterator[Source]:
        return (Source(bucket, f"{n}{end}", "e", 1) for n in range(number))

    garbage = Garbage(bin_.garbage._project, Listed(), Listed(), "artifacts")  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        found = garbage.orphans(listed("uploads", ".jpg", 20_000), listed("outputs", ".bin", 5_000))
        assert list(found) == []
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()
