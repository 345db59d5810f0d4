"""A running sandbox whose children are containers, as tests look at it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from batchkit.local.docker import ownership
from support.world import PROJECT

if TYPE_CHECKING:
    from docker import DockerClient

    from support.world import World

SMALL = PROJECT.replace("max_vcpus = 16", 'max_vcpus = 16\nvcpus = 0.25\nmemory = "512 MB"')
TASKS = 3


def attempts(photos: World, job: str) -> list[dict[str, Any]]:
    (found,) = photos.sandbox.clients.batch.describe_jobs(jobs=[job])["jobs"]
    return [dict(attempt) for attempt in found["attempts"]]


def containers(photos: World, engine: DockerClient, **filters: str) -> list[Any]:
    """Those of this sandbox: beside it, other tests have theirs."""
    label = f"{ownership.STACK}={photos.sandbox.stack.executor._executor.stack}"
    return list(engine.containers.list(all=True, filters={"label": label, **filters}))


def count_writes(photos: World) -> None:
    """From now on every write of an output leaves a version of its own."""
    photos.sandbox.clients.s3.put_bucket_versioning(
        Bucket="photos-variants", VersioningConfiguration={"Status": "Enabled"}
    )


def writes(photos: World, prefix: str) -> Counter[str]:
    """How often each output below `prefix` was written since `count_writes`."""
    pages = photos.sandbox.clients.s3.get_paginator("list_object_versions").paginate(
        Bucket="photos-variants", Prefix=prefix
    )
    return Counter(version["Key"] for page in pages for version in page.get("Versions", []))
