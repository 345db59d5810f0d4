"""Tests of batchkit.runs.gc: what is garbage, and above all what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from support.operating import Past
from support.projects import photos
from support.submitting import run_ledger

from batchkit.planning import names
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.runs.gc import Garbage
from batchkit.worker.publish import RUN, SOURCE

if TYPE_CHECKING:
    from support.moto_world import World

    from batchkit.planning.manifest import Source


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


def test_an_output_that_was_written_anew_is_not_deleted(world: World, bin_: Bin) -> None:
    source = gone(world, "a.jpg")
    uploaded(world, "u-1", source)
    bin_.output(source, "u-1")
    (orphan,) = bin_.garbage.orphans_of(world.clients.s3)
    world.objects.put(world.outputs, orphan.key, b"newer", "text/plain")
    assert not bin_.garbage.remove(orphan)
    assert world.output(orphan.key) == b"newer"
