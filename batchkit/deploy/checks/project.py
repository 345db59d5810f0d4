"""What can be said of the project itself: sizes that Fargate sells, outputs that start nothing."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.deploy.checks.result import Place, Result
from batchkit.errors import ConfigError
from batchkit.project.check import check as check_project


def file(place: Place) -> Iterator[Result]:
    """Fargate's pairs of vCPUs and memory, and outputs that would start their own jobs."""
    try:
        check_project(place.project)
    except ConfigError as error:
        yield Result(
            "batchkit.toml", "failed", f"{error.what}: {error.found}", str(error.fix or error.expected)
        )
        return
    compute = place.project.compute
    yield Result(
        "sizes", "ok", f"{compute.vcpus:g} vCPU with {int(compute.memory)} MiB is a size of {compute.type}"
    )
    yield Result("loop", "ok", "no output matches the rule that starts jobs")
