"""`batchkit submit` against the loop that people write: one SubmitJob for each object.

    python -m benchmarks.submit_vs_loop [--sources N] [--json FILE]

Both list the same number of objects of a bucket of the local stack and have the same job done for each of
them, one after the other on the same machine. Counted are all calls that the submitting process makes;
the time is that of submitting, and that until every job has ended. On AWS a loop is slower than here:
an account may call SubmitJob 50 times a second (AWS Batch User Guide, "Service quotas").
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

from benchmarks.planning import machine
from benchmarks.world import Bench, bench

SOURCES = 500


class CountedCalls(logging.Handler):
    """The calls that botocore makes in this process, by operation, while it is listening."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.calls: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Making request for"):
            arguments: Any = record.args
            self.calls[arguments[0].name] += 1


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """The calls made from here to the end of the block."""
    logger, handler = logging.getLogger("botocore.endpoint"), CountedCalls()
    before, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield handler.calls
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = propagates


def loop(running: Bench, prefix: str) -> int:
    """What people write today; how many SubmitJob calls that is to take."""
    calls = 0
    clients, project = running.sandbox.clients, running.sandbox.project
    bucket = project.upload.bucket
    for page in clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for found in page["Contents"]:
            calls += 1
            clients.batch.submit_job(
                jobName="one-object",
                jobQueue=f"{project.name}-upload",
                jobDefinition=f"{project.name}-upload",
                parameters={
                    "recipe": project.recipe.digest,
                    "bucket": bucket,
                    "key": found["Key"],
                    "etag": found["ETag"].strip('"'),
                    "size": str(found["Size"]),
                    "sequencer": "0",
                    "time": found["LastModified"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
            )
    return calls


def submit(running: Bench, prefix: str) -> int:
    """What batchkit does, children of minutes; how many SubmitJob calls its plan foretells."""
    bucket = running.sandbox.project.upload.bucket
    told = running.batchkit("submit", f"s3://{bucket}/{prefix}/", "--yes")
    return int(told["plan"]["calls"])


def measure(
    running: Bench, name: str, sources: int, submitting: Callable[[Bench, str], int]
) -> dict[str, Any]:
    """One way to submit, on sources of its own."""
    prefix = f"uploads/{name}"
    keys = running.fill(prefix, sources)
    start = time.perf_counter()
    with counted() as calls:
        planned = submitting(running, prefix)
    submitted = time.perf_counter() - start
    running.settle()
    ended = time.perf_counter() - start
    return {
        "way": name,
        "sources": sources,
        "submit_job_calls": calls["SubmitJob"],
        "planned_calls": planned,
        "calls": calls.total(),
        "seconds_to_submit": round(submitted, 2),
        "seconds_to_end": round(ended, 2),
        "right": calls["SubmitJob"] == planned and all(is_done(running, key) for key in keys),
    }


def is_done(running: Bench, key: str) -> bool:
    """Whether the ledger says that the one item of a source was made."""
    items = running.sandbox.ledger.items(running.sandbox.project.upload.bucket, key)
    return [item["outcome"] for item in items] == ["done"]


def main() -> int:
    """Measure both, print a table, and the same as JSON; 1 when not all was done, or not in as many calls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sources", type=int, default=SOURCES, help="objects to process, each way")
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    arguments = parser.parse_args()
    with bench() as running:
        measure(running, "warm-up", 2, submit)
        results = [
            measure(running, name, arguments.sources, way)
            for name, way in (("loop", loop), ("submit", submit))
        ]
    document = {"benchmark": "submit_vs_loop", "machine": machine(), "results": results}
    print(table(document))
    print(json.dumps(document))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0 if all(result["right"] for result in results) else 1


def table(document: Mapping[str, Any]) -> str:
    """The document for a person."""
    on = document["machine"]
    rows = [f"{on['processor']}, {on['cores']} cores, Python {on['python']}, {on['system']}"]
    head = f"{'':<8} {'sources':>8} {'SubmitJob':>10} {'all calls':>10} {'s to submit':>12} {'s to end':>9}"
    rows.append(f"{head}  all done")
    rows += [
        f"{one['way']:<8} {one['sources']:>8,} {one['submit_job_calls']:>10,} {one['calls']:>10,}"
        f" {one['seconds_to_submit']:>12.2f} {one['seconds_to_end']:>9.1f}  {'yes' if one['right'] else 'NO'}"
        for one in document["results"]
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
