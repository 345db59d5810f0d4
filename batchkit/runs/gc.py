"""Outputs whose source is gone.

An output says which run made it, and a digest that stands for its source. The run knows the source: an
upload's in the ledger, a bulk run's in its manifest. Only a source that is known and is not there any
more makes its outputs garbage; where nobody knows the source, the output stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from batchkit.aws.listing import list_objects
from batchkit.errors import Rejected
from batchkit.planning import names
from batchkit.planning.outputs import literal_prefix, output_key
from batchkit.runs.manifests import Manifest
from batchkit.worker.publish import RUN, SOURCE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from batchkit.aws.objects import Head, Objects
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.manifest import Source
    from batchkit.project import Project

THREADS = 32
BLOCK = 512


@dataclass(frozen=True)
class Orphan:
    """An output, and the source that it was made from; `etag` is the output's."""

    key: str
    bytes: int
    source: str
    etag: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Garbage:
    """Finds, and removes, the orphans of one project."""

    def __init__(self, project: Project, objects: Objects, ledger: RunLedger, artifacts: str) -> None:
        self._project = project
        self._objects = objects
        self._ledger = ledger
        self._artifacts = artifacts

    def orphans_of(self, client: S3Client) -> Iterator[Orphan]:
        """The orphans in the project's buckets."""
        upload, output = self._project.upload, self._project.output
        sources = (one.source for one in list_objects(client, upload.bucket, upload.prefix))
        outputs = (one.source for one in list_objects(client, output.bucket, literal_prefix(output.key)))
        return self.orphans(sources, outputs)

    def orphans(self, sources: Iterable[Source], outputs: Iterable[Source]) -> Iterator[Orphan]:
        """The orphans among `outputs`; those of the given `sources` need no second look.

        Both as a listing gives them. Memory: some 100 bytes for each output that `sources` explain.
        """
        explained = set(self._expected(sources))
        unexplained = (one for one in outputs if _short(one.key) not in explained)
        while block := list(islice(unexplained, BLOCK)):
            yield from self._among(block)

    def remove(self, orphan: Orphan) -> bool:
        """Delete an orphan, unless it was written anew; whether it was deleted."""
        bucket = self._project.output.bucket
        head = self._objects.head(bucket, orphan.key)
        if head is None or head.etag != orphan.etag:
            return False
        self._objects.delete(bucket, orphan.key)
        return True

    def _expected(self, sources: Iterable[Source]) -> Iterator[int]:
        template, tasks = self._project.output.key, self._project.recipe.tasks
        for source in sources:
            for task in tasks:
                try:
                    yield _short(output_key(template, source.key, task.name, task.extension))
                except Rejected:
                    # A key too long for an output: there is none.
                    continue

    def _among(self, outputs: list[Source]) -> Iterator[Orphan]:
        with ThreadPoolExecutor(THREADS, "gc") as pool:
            heads = pool.map(lambda one: self._objects.head(one.bucket, one.key), outputs)
            ours = [head for head in heads if head is not None and {RUN, SOURCE} <= set(head.metadata)]
            known = self._sources_of(ours)
            found = [head for head in ours if head.metadata[SOURCE] in known]
            there = pool.map(lambda head: self._objects.head(*known[head.metadata[SOURCE]]), found)
            for head, source in zip(found, there, strict=True):
                if source is None:
                    bucket, key = known[head.metadata[SOURCE]]
                    yield Orphan(head.key, head.size, f"s3://{bucket}/{key}", head.etag)

    def _sources_of(self, outputs: Iterable[Head]) -> dict[str, tuple[str, str]]:
        """Bucket and key of the sources, by the digests that stand for them; as far as they are known."""
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for output in outputs:
            wanted[output.metadata[RUN]].add(output.metadata[SOURCE])
        found: dict[str, tuple[str, str]] = {}
        for run, digests in wanted.items():
            for bucket, key in self._sources_of_run(run):
                digest = names.source_id(bucket, key)
                if digest in digests:
                    found[digest] = bucket, key
        return found

    def _sources_of_run(self, run: str) -> Iterator[tuple[str, str]]:
        record = self._ledger.run(run) or {}
        if record.get("lane") == "bulk":
            manifest = Manifest(self._objects, self._artifacts, run, record["sources"])
            yield from ((source.bucket, source.key) for source in manifest)
        elif record.get("source", "").startswith("s3://"):
            bucket, _, key = record["source"].removeprefix("s3://").partition("/")
            yield bucket, key


def _short(key: str) -> int:
    """A number that stands for a key. Two keys in 10^19 share one; then an orphan is overlooked."""
    return int.from_bytes(bytes.fromhex(names.source_id("", key))[:8], "big")
