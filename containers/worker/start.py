"""How fast the worker starts: one line of JSON, in milliseconds.

    docker run --rm --entrypoint /opt/batchkit/bin/python3 IMAGE -I /opt/batchkit/start.py [BUCKET]

With a BUCKET, `first_call` is a HeadBucket with the endpoint and credentials of the environment. It runs
once in `docker build`, too, and leaves the compiled forms of those modules of Python that the worker
imports, where the base image has none: a read-only file system could not take them later.
"""

import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

# Any region will do: clients are built, not used.
REGION = "us-east-1"


def main(bucket: str | None) -> None:
    """Print what took how long; `process` is the start of the container's process and the interpreter."""
    times = {"process": since_fork()}
    times["imports"] = timed(lambda: import_module("batchkit.entry.child"))
    times["jobs"] = timed(load_jobs)
    clients = import_module("batchkit.aws.clients").Clients(session=None if bucket else anywhere())
    times["clients"] = timed(lambda: (clients.s3, clients.dynamodb))
    if bucket:
        times["first_call"] = timed(lambda: clients.s3.head_bucket(Bucket=bucket))
    times["sum"] = sum(times.values())
    json = import_module("json")
    print(json.dumps({name: round(value) for name, value in times.items()}))


def timed(step: Callable[[], object]) -> float:
    """Milliseconds that `step()` took."""
    begun = time.perf_counter()
    step()
    return (time.perf_counter() - begun) * 1000


def since_fork() -> float:
    """Milliseconds since the kernel made this process, in steps of 10 (field 22 of proc_pid_stat(5))."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) * 1000 - int(fields[19]) * 10


def load_jobs() -> None:
    """Import every job of the image, as a child imports the one that it needs."""
    metadata = import_module("importlib.metadata")
    recipe = import_module("batchkit.recipe")
    for point in metadata.entry_points(group=recipe.ENTRY_POINTS):
        recipe.find_job(point.name)


def anywhere() -> object:
    """A session that needs no environment."""
    return import_module("boto3").Session(region_name=REGION)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
