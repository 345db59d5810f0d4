"""Outputs whose source is gone.

An output says which run made it, and a digest that stands for its source. The run knows the source: an
upload's in the ledger, a bulk run's in its manifest. Only a source that is known and is not there any
more makes its outputs garbage; where the run does not know the source (any more), the output stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from batchkit.aws.listing import list_objects
from batchkit.aws.objects import url
from batchkit.errors import Rejected
from batchkit.planning import names
from batchkit.planning.outputs import literal_prefix, output_key
from batchkit.runs.manifests import Manifest
from batchkit.runs.suspects import Suspect, Suspects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_s3 import S3Client

    from batchkit.aws.objects import Objects
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
        return self.orphans(*self._listed(client))

    def removed(self, client: S3Client) -> Iterator[tuple[Orphan, bool]]:
        """The orphans in the project's buckets, each with whether it was deleted, unless it was written anew.

        They are deleted by blocks, before anybody is told, right after the look at their sources: one that
        came back since would not have its outputs made again.
        """
        bucket = self._project.output.bucket
        with ThreadPoolExecutor(THREADS, "delete") as pool:
            for block in self._blocks(*self._listed(client)):
                yield from zip(block, pool.map(partial(self._remove, bucket), block), strict=True)

    def orphans(self, sources: Iterable[Source], outputs: Iterable[Source]) -> Iterator[Orphan]:
        """The orphans among `outputs`; those of the given `sources` need no second look.

        Both as a listing gives them. Memory does not grow with them. One HEAD for each output that `sources`
        do not explain, one request of the ledger for a hundred runs, each manifest once, and one HEAD for
        each source that a run knows.
        """
        return chain.from_iterable(self._blocks(sources, outputs))

    def _listed(self, client: S3Client) -> tuple[Iterator[Source], Iterator[Source]]:
        upload, output = self._project.upload, self._project.output
        sources = (one.source for one in list_objects(client, upload.bucket, upload.prefix))
        outputs = (one.source for one in list_objects(client, output.bucket, literal_prefix(output.key)))
        return sources, outputs

    def _blocks(self, sources: Iterable[Source], outputs: Iterable[Source]) -> Iterator[list[Orphan]]:
        """Orphans whose sources were looked at in one go, just now."""
        with closing(Suspects()) as suspects, ThreadPoolExecutor(THREADS, "gc") as pool:
            suspects.explain(self._expected(sources))
            unexplained = suspects.unexplained(outputs)
            while block := list(islice(unexplained, BLOCK)):
                heads = pool.map(lambda one: self._objects.head(one.bucket, one.key), block)
                suspects.add(head for head in heads if head is not None)
            known = self._known(suspects)
            while found := list(islice(known, BLOCK)):
                there = list(pool.map(lambda one: self._objects.head(one.bucket, one.key), found))
                gone = (made for made, source in zip(found, there, strict=True) if source is None)
                yield [orphan for made in gone for orphan in made.orphans()]

    def _remove(self, bucket: str, orphan: Orphan) -> bool:
        return self._objects.delete(bucket, orphan.key, only_if=orphan.etag)

    def _expected(self, sources: Iterable[Source]) -> Iterator[str]:
        template, tasks = self._project.output.key, self._project.recipe.tasks
        for source in sources:
            for task in tasks:
                try:
                    yield output_key(template, source.key, task.name, task.extension)
                except Rejected:
                    # A key too long for an output: there is none.
                    continue

    def _known(self, suspects: Suspects) -> Iterator[_Made]:
        """The suspects whose source their run knows."""
        runs = suspects.runs()
        while block := list(islice(runs, BLOCK)):
            for run, record in self._ledger.records(block).items():
                for bucket, key in self._sources_of(run, record):
                    if outputs := suspects.take(run, bucket, key):
                        yield _Made(bucket, key, outputs)
                        if not suspects.has(run):
                            break

    def _sources_of(self, run: str, record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if record.get("lane") == "bulk":
            # A rule of the bucket's deletes old manifests (cloudformation/storage.yaml).
            if self._objects.head(self._artifacts, names.manifest_key(run)) is not None:
                manifest = Manifest(self._objects, self._artifacts, run, record["sources"])
                yield from ((source.bucket, source.key) for source in manifest)
        elif record.get("source", "").startswith("s3://"):
            bucket, _, key = record["source"].removeprefix("s3://").partition("/")
            yield bucket, key


@dataclass(frozen=True)
class _Made:
    """A source, and outputs that were made of it."""

    bucket: str
    key: str
    outputs: Sequence[Suspect]

    def orphans(self) -> Iterator[Orphan]:
        for one in self.outputs:
            yield Orphan(one.key, one.bytes, url(self.bucket, self.key), one.etag)
