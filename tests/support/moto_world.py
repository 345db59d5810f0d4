"""A project's buckets and ledger in moto, and children that run in it."""

from __future__ import annotations

import io
import itertools
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from moto import mock_aws

from batchkit.aws.clients import Clients, configuration
from batchkit.aws.ledger import Ledger
from batchkit.aws.objects import Objects
from batchkit.planning import manifest, names
from batchkit.planning.manifest import Source
from batchkit.planning.records import Report
from batchkit.planning.uploads import UploadRules
from batchkit.worker import shard
from batchkit.worker.assignment import Assignment, Place, read_assignment
from batchkit.worker.child import Child, Threads
from batchkit.worker.stop import Stop
from batchkit.worker.telemetry import Telemetry
from support.jobs import Copies
from support.tables import create_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batchkit.recipe import Recipe

RUN = "b-test"
TIME = 1_700_000_000
ISO_TIME = "2023-11-14T22:13:20Z"

_numbers = itertools.count(1)


class Clock:
    """Time that moves with each look, so that nothing depends on how fast a test is."""

    def __init__(self, start: float = TIME, step: float = 1) -> None:
        self._seconds = itertools.count(start, step)

    def __call__(self) -> float:
        return next(self._seconds)


@dataclass
class Ran:
    """A child that ended: exit code, the sources it made, its log lines."""

    code: int
    made: list[tuple[str, tuple[str, ...]]]
    lines: list[dict[str, Any]]

    def said(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["message"] == message]


@dataclass
class World:
    """Names of one project's things, and clients for them."""

    clients: Clients
    number: int = field(default_factory=lambda: next(_numbers))
    stop: Stop = field(default_factory=Stop)

    def __post_init__(self) -> None:
        self.uploads, self.outputs, self.artifacts = (
            f"{name}-{self.number}" for name in ("uploads", "outputs", "artifacts")
        )
        for bucket in (self.uploads, self.outputs, self.artifacts):
            self.clients.s3.create_bucket(Bucket=bucket)
        self.table = create_ledger(self.clients.dynamodb, f"ledger-{self.number}")
        self.objects = Objects(self.clients.s3)
        self.ledger = Ledger(self.clients.dynamodb, self.table, Clock())
        self.place = Place("photos", self.table, self.artifacts, self.outputs, "{dir}/{stem}/{task}.{ext}")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BATCHKIT_PROJECT": self.place.project,
            "BATCHKIT_LEDGER": self.table,
            "BATCHKIT_ARTIFACTS": self.artifacts,
            "BATCHKIT_OUTPUT_BUCKET": self.outputs,
            "BATCHKIT_OUTPUT_KEY": self.place.template,
            **rules(self.uploads),
        }

    def put(self, key: str, body: bytes) -> Source:
        answer = self.clients.s3.put_object(Bucket=self.uploads, Key=key, Body=body)
        return Source(self.uploads, key, answer["ETag"].strip('"'), len(body))

    def submit(self, recipe: Recipe, sources: Sequence[Source]) -> None:
        """Store a bulk run's recipe, manifest and index."""
        chunks = list(manifest.write(sources))
        stored = {
            names.recipe_key(recipe.digest): recipe.document,
            names.manifest_key(RUN): b"".join(lines for lines, _ in chunks),
            names.index_key(RUN): b"".join(index for _, index in chunks),
        }
        for key, body in stored.items():
            self.clients.s3.put_object(Bucket=self.artifacts, Key=key, Body=body)

    def run(
        self,
        recipe: Recipe,
        assignment: Assignment,
        objects: Objects | None = None,
        lanes: int = 1,
        pace: float = 0.01,
    ) -> Ran:
        """One child, in this thread; `pace` seconds go by between two looks at its stopwatch."""
        stream = io.StringIO()
        telemetry = Telemetry(stream, Clock(), Clock(0, pace))
        telemetry.identify(assignment)
        child = Child(
            assignment=assignment,
            place=self.place,
            recipe=recipe,
            objects=objects or self.objects,
            ledger=self.ledger,
            telemetry=telemetry,
            stop=self.stop,
            threads=Threads(lanes),
        )
        code = child.run(shard.load(self.objects, self.artifacts, assignment, recipe.tasks))
        made = recipe.job.made if isinstance(recipe.job, Copies) else []
        return Ran(code, made, [json.loads(line) for line in stream.getvalue().splitlines()])

    def output(self, key: str) -> bytes | None:
        found = self.objects.get(self.outputs, key)
        return found.body if found else None

    def items(self, key: str) -> dict[str, dict[str, Any]]:
        """The ledger's items of a source by task."""
        return {item["task"]: item for item in self.ledger.items(self.uploads, key)}

    def outcomes(self, key: str) -> dict[str, str]:
        return {task: item["outcome"] for task, item in self.items(key).items()}

    def reports(self, run: str = RUN, children: int = 1) -> list[dict[str, Any]]:
        return list(self.ledger.children(run, children))

    def report(self, run: str = RUN, children: int = 1) -> dict[str, Any]:
        (report,) = self.reports(run, children)
        assert set(Report.__dataclass_fields__) <= set(report)
        return report


def upload(
    recipe: Recipe, source: Source, index: int = 0, attempt: int = 1, sequencer: str = "0A"
) -> Assignment:
    """What child `index` of an upload's array is told."""
    environ = {**rules(source.bucket), **_batch(index, attempt)}
    return read_assignment(upload_argv(recipe, source, sequencer), environ)


def bulk(recipe: Recipe, sources: int, per_child: int, index: int = 0, attempt: int = 1) -> Assignment:
    """What child `index` of a bulk run's array is told."""
    return read_assignment(bulk_argv(recipe, sources, per_child), _batch(index, attempt))


def upload_argv(recipe: Recipe, source: Source, sequencer: str = "0A") -> list[str]:
    pointer = [source.bucket, source.key, source.etag, str(source.size)]
    return ["upload", recipe.digest, *pointer, sequencer, ISO_TIME]


def bulk_argv(recipe: Recipe, sources: int, per_child: int) -> list[str]:
    return ["bulk", RUN, recipe.digest, str(sources), str(per_child), "0", str(TIME + 60)]


def rules(bucket: str) -> dict[str, str]:
    """The variable that tells an upload's child what uploads are."""
    return {"BATCHKIT_UPLOADS": UploadRules(bucket, "", (".jpg", ".png", ".txt"), 10**9).to_json()}


def _batch(index: int, attempt: int) -> dict[str, str]:
    return {"AWS_BATCH_JOB_ARRAY_INDEX": str(index), "AWS_BATCH_JOB_ATTEMPT": str(attempt)}


def session() -> boto3.Session:
    """Credentials that are nobody's."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@contextmanager
def moto_clients(attempts: int = 1) -> Iterator[Clients]:
    """Clients that reach moto only, and try so often."""
    with mock_aws():
        yield Clients(session(), configuration(attempts))
