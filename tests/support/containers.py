"""A running sandbox whose children are containers, as tests look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.world import PROJECT

if TYPE_CHECKING:
    from docker import DockerClient

    from support.world import World

SMALL = PROJECT.replace("max_vcpus = 16", 'max_vcpus = 16\nvcpus = 0.25\nmemory = "512 MB"')
TASKS = 3


def attempts(photos: World, job: str) -> list[dict[str, Any]]:
    (found,) = photos.sandbox.clients.batch.describe_jobs(jobs=[job])["jobs"]
    return [dict(attempt) for attempt in found["attempts"]]


def containers(engine: DockerClient, **filters: str) -> list[Any]:
    return list(engine.containers.list(all=True, filters={"label": "batchkit.stack", **filters}))


def outputs(photos: World) -> list[str]:
    pages = photos.sandbox.clients.s3.get_paginator("list_objects_v2").paginate(Bucket="photos-variants")
    return [item["Key"] for page in pages for item in page.get("Contents", [])]
