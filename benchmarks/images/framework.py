"""What the worker costs around the engine: the same photos through the bare job, and through a whole child
whose buckets and ledger are in memory.

    python -m benchmarks.images.framework bare|worker RESIZER [AVX2_MODULE]

Reads requests as worker.py does (`paths`, `wanted`, `lanes`), and answers with seconds: on the wall (`wall`)
and of processor time, of all processes with the start of cells (`cpu`) and of this process alone (`own`).
There is no S3 and no network in it: a real child also pays for boto3.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from batchkit import recipe as recipes
from batchkit.aws.objects import Head, Object
from batchkit.job import Original, Output
from batchkit.planning.manifest import Source
from batchkit.planning.records import Item, Report
from batchkit.recipe import Recipe
from batchkit.worker.assignment import Assignment, Place
from batchkit.worker.cell import Limits
from batchkit.worker.child import Child, Threads
from batchkit.worker.isolation import Isolated
from batchkit.worker.shard import Work
from batchkit.worker.stop import Stop
from batchkit.worker.telemetry import Telemetry
from benchmarks.images.sets import recipe as recipe_of

TIME = 1_700_000_000
ORIGINALS, VARIANTS = "originals", "variants"


class Memory:
    """Buckets in memory, with the face of aws.objects.Objects as far as a child uses it."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._objects = {(ORIGINALS, key): _object(ORIGINALS, key, body, {}) for key, body in sources.items()}

    def head(self, bucket: str, key: str) -> Head | None:
        return self._objects.get((bucket, key))

    def get(self, bucket: str, key: str, etag: str | None = None) -> Object | None:
        return self._objects.get((bucket, key))

    def put(
        self, bucket: str, key: str, body: bytes, kind: str, metadata: dict[str, str], *, only_if_absent: bool
    ) -> bool:
        self._objects[bucket, key] = _object(bucket, key, body, metadata)
        return True


class Notes:
    """A ledger in memory, with the face of aws.ledger.Ledger as far as a child uses it."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def record_items(self, items: Iterable[Item]) -> None:
        self.items += items

    def record_report(self, report: Report) -> None:
        pass


def bare(recipe: Recipe, bodies: Mapping[str, bytes], lanes: int) -> None:
    """The job alone, in this process and thread."""
    for key, body in bodies.items():
        outputs(recipe.job.make(Original(key, body), recipe.tasks))


def worker(recipe: Recipe, bodies: Mapping[str, bytes], lanes: int) -> None:
    """A child that does all of them. Raises RuntimeError for an item that was not made."""
    sources = [Source(ORIGINALS, key, _etag(body), len(body)) for key, body in bodies.items()]
    works = [Work(source, recipe.tasks) for source in sources]
    job, notes = Isolated(recipe, lanes=lanes, limits=Limits()), Notes()
    child = Child(
        assignment=_assignment(recipe, len(works)),
        place=Place("bench", "ledger", "artifacts", VARIANTS, "{dir}/{name}/{task}.{ext}"),
        recipe=replace(recipe, job=job),
        objects=Memory(bodies),  # type: ignore[arg-type]
        ledger=notes,  # type: ignore[arg-type]
        telemetry=Telemetry(io.StringIO()),
        stop=Stop(),
        threads=Threads(lanes),
    )
    code = child.run(works)
    job.close()
    bad = [item for item in notes.items if item.is_bad]
    if code or bad or len(notes.items) != len(works) * len(recipe.tasks):
        raise RuntimeError(f"exit code {code}, {len(notes.items)} items, bad: {bad[:2]}")


def main(way: str, resizer: str, avx2: str | None = None) -> None:
    """Answer until stdin ends."""
    if avx2:
        from containers.worker import pillow_avx2  # noqa: PLC0415 (before Pillow is imported)

        pillow_avx2.prefer(Path(avx2))
    from benchmarks.images.python_engines import batchkit  # noqa: PLC0415 (see above)

    batchkit(resizer)
    run = {"bare": bare, "worker": worker}[way]
    for line in sys.stdin:
        request = json.loads(line)
        recipe = recipes.load("image-variants", recipe_of(tuple(request["wanted"])))
        bodies = {f"{number}": Path(path).read_bytes() for number, path in enumerate(request["paths"])}
        cpu, own, wall = _cpu(), time.process_time(), time.perf_counter()
        run(recipe, bodies, request.get("lanes", 1))
        used = {"cpu": _cpu() - cpu, "own": time.process_time() - own, "wall": time.perf_counter() - wall}
        print(json.dumps(used), flush=True)


def outputs(results: Iterable[object]) -> None:
    """Take all of them, as somebody who writes them would. Raises TypeError for a variant not made."""
    for result in results:
        if not isinstance(result, Output):
            raise TypeError(f"no output: {result!r}")


def _assignment(recipe: Recipe, sources: int) -> Assignment:
    return Assignment("bulk", "b-bench", recipe.digest, 0, 1, TIME, "0", sources, sources * len(recipe.tasks))


def _object(bucket: str, key: str, body: bytes, metadata: Mapping[str, str]) -> Object:
    return Object(bucket, key, _etag(body), len(body), TIME, metadata, body=body)


def _etag(body: bytes) -> str:
    """Of its length: S3 makes it from the bytes, but that is not the worker's cost."""
    return f"{len(body):032x}"


def _cpu() -> float:
    """Of this process, and of those that it has waited for: a child's cells among them."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    # As the worker's image has it.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main(*sys.argv[1:])
