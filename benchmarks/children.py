"""How many children a second the local stack brings to their ends, with the process executor.

    python -m benchmarks.children [--idle N] [--workers N] [--json FILE]

Two arrays, from SubmitJob to the last event, each child with its four state changes on the bus:

    idle      the command does nothing: what the stack and a fork cost
    worker    the whole worker with a job that does nothing: ten requests a child to S3 and DynamoDB,
              submitted by `batchkit submit --fan-out task`; the ledger must then hold every item

Targets: 100 idle children a second; 10,000 children with the right ledger.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from batchkit.aws.clients import Clients
from batchkit.deploy.deploy import deploy
from batchkit.local.batch.process import ProcessExecutor
from batchkit.local.stack import LocalStack
from benchmarks.planning import machine
from benchmarks.world import PATIENCE, Bench, bench, project

CHILDREN = 10_000


def nothing(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """What an idle child does."""
    return 0


def idle(children: int) -> dict[str, Any]:
    """An array of children that do nothing."""
    with LocalStack(
        lambda given: ProcessExecutor(environment=given, main=f"{__spec__.name}:nothing")
    ) as stack:
        clients = Clients.of_environment(stack.environment)
        deploy(project(), clients)
        wall, processor = time.perf_counter(), time.process_time()
        job = submit(clients, children)
        if not stack.batch.settled(PATIENCE):
            raise TimeoutError(f"the children did not end within {PATIENCE:.0f} s")
        result = figures("idle", children, wall, processor)
        (found,) = clients.batch.describe_jobs(jobs=[job])["jobs"]
        return {**result, "right": found["arrayProperties"]["statusSummary"]["SUCCEEDED"] == children}


def submit(clients: Clients, children: int) -> str:
    """One array job of the project's bulk queue; its id."""
    name = project().name
    answer = clients.batch.submit_job(
        jobName="idle",
        jobQueue=f"{name}-bulk",
        jobDefinition=f"{name}-bulk",
        arrayProperties={"size": children},
    )
    return answer["jobId"]


def worker(children: int) -> dict[str, Any]:
    """A run with one source, and one item, for each child."""
    with bench() as running:
        keys = running.fill("idle", children)
        wall, processor = time.perf_counter(), time.process_time()
        bucket = running.sandbox.project.upload.bucket
        submitted = running.batchkit("submit", f"s3://{bucket}/idle/", "--fan-out", "task", "--yes")
        running.settle()
        result = figures("worker", children, wall, processor)
        return {**result, "right": is_right(running, submitted["run"], keys)}


def is_right(running: Bench, run: str, keys: Sequence[str]) -> bool:
    """Whether the ledger holds the run's end, a report of each child, and each item as done by it."""
    ledger, bucket = running.sandbox.ledger, running.sandbox.project.upload.bucket
    record = ledger.run(run) or {}
    reports = sum(counts.done for counts, _ in ledger.reports(run, len(keys)))
    items = Counter((item["outcome"], item["run"]) for key in keys for item in ledger.items(bucket, key))
    ended = record.get("state"), record.get("counts", {}).get("done")
    return (ended, reports, items) == (
        ("SUCCEEDED", len(keys)),
        len(keys),
        Counter({("done", run): len(keys)}),
    )


def figures(name: str, children: int, wall: float, processor: float) -> dict[str, Any]:
    """What is said of an array; `wall` and `processor` are when it began."""
    seconds = time.perf_counter() - wall
    return {
        "array": name,
        "children": children,
        "wall_seconds": round(seconds, 2),
        "children_per_second": round(children / seconds, 1),
        "stack_milliseconds_per_child": round((time.process_time() - processor) / children * 1000, 2),
    }


def main() -> int:
    """Measure, print a table, and the same as JSON; 1 when a ledger is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--idle", type=int, default=CHILDREN, help="children that do nothing")
    parser.add_argument("--workers", type=int, default=CHILDREN, help="children that run the worker")
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    arguments = parser.parse_args()
    results = [idle(arguments.idle), worker(arguments.workers)]
    document = {"benchmark": "children", "machine": machine(), "results": results}
    print(table(document))
    print(json.dumps(document))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0 if all(result["right"] for result in results) else 1


def table(document: Mapping[str, Any]) -> str:
    """The document for a person."""
    on = document["machine"]
    rows = [f"{on['processor']}, {on['cores']} cores, Python {on['python']}, {on['system']}"]
    rows.append(
        f"{'array':<8} {'children':>9} {'wall s':>8} {'children/s':>11} {'stack ms/child':>15}  all right"
    )
    rows += [
        f"{one['array']:<8} {one['children']:>9,} {one['wall_seconds']:>8.1f}"
        f" {one['children_per_second']:>11.1f} {one['stack_milliseconds_per_child']:>15.2f}"
        f"  {'yes' if one['right'] else 'NO'}"
        for one in document["results"]
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
