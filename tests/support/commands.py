"""`batchkit submit` in a moto world, typed as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchkit.planning import names
from batchkit.planning.source_spec import Prefix
from batchkit.project.load import parse
from batchkit.runs.bulk import Bulk
from batchkit.runs.requests import Prepared, Request
from support.moto_world import Clock, World
from support.submitting import FakeBatch, manifest_of

SOURCES = 3

PROJECT = """
[project]
name = "photos"

[upload]
bucket = "{uploads}"
suffixes = [".txt"]

[output]
bucket = "{outputs}"
key = "{{dir}}/{{name}}/{{task}}.{{ext}}"

[job]
uses = "support.jobs:Copies"
names = ["a", "b"]
"""


@dataclass
class Command:
    """`batchkit submit s3://uploads/in/`, typed as often as one likes."""

    world: World
    folder: Path
    batch: FakeBatch = field(default_factory=FakeBatch)
    clock: Clock = field(default_factory=Clock)
    request: Request = field(init=False)
    tries: int = 0

    def __post_init__(self) -> None:
        place = Prefix(self.world.uploads, "in/")
        self.request = Request(source=str(place), spec=place)
        self.sources = [self.world.put(f"in/{n}.txt", b"x" * (n + 1)) for n in range(SOURCES)]

    @property
    def bulk(self) -> Bulk:
        """As a new process composes it; what it would have slept, it does not."""
        world = self.world
        text = PROJECT.format(uploads=world.uploads, outputs=world.outputs)
        bulk = Bulk(
            project=parse(text, Path("batchkit.toml")),
            clients=world.clients,
            artifacts=world.artifacts,
            table=world.table,
            clock=self.clock,
            sleep=lambda seconds: None,
        )
        vars(bulk)["queue"] = self.batch
        return bulk

    def prepare(self, **options: Any) -> Prepared:
        self.tries += 1
        folder = self.folder / str(self.tries)
        folder.mkdir()
        return self.bulk.prepare(self.request, folder, lambda: False, **options)

    def type(self, **options: Any) -> Prepared:
        prepared = self.prepare(**options)
        self.bulk.submit(prepared, self.request.source, lambda step: None, lambda: False)
        return prepared

    def check(self, prepared: Prepared) -> None:
        """One run, one job, the manifest whole."""
        plan = prepared.plan
        (job,) = self.batch.taken
        assert (job.name, job.size) == (names.job_name(plan.run, 0), plan.children)
        assert sorted(manifest_of(self.world, plan.run), key=lambda one: one.key) == self.sources
        record = self.bulk.ledger.run(plan.run) or {}
        assert {"submitted", "cost"} <= set(record)
        assert [one.job for one in self.bulk.ledger.jobs(plan.run)] == [FakeBatch.id_of(job.name)]
