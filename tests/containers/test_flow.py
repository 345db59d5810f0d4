"""The whole upload flow with real containers: event, array, image, ledger, message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.bulk import submit
from support.containers import SMALL, TASKS, attempts, containers, count_writes, writes
from support.pictures import picture, size_and_format
from support.world import World, eventually, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient


@pytest.fixture(scope="module")
def photos(worker_image: str) -> Iterator[World]:
    with world(SMALL, executor="docker", image=worker_image) as running:
        yield running


def test_an_upload_becomes_its_variants_in_containers(photos: World, engine: DockerClient) -> None:
    photos.put("uploads/ä b+c.jpg", picture(640, 480))

    items = photos.settled("uploads/ä b+c.jpg")

    assert {item["outcome"] for item in items.values()} == {"done"}
    assert size_and_format(photos.output("uploads/ä b+c.jpg", "thumb") or b"") == ((64, 64), "WEBP")
    assert "SUCCEEDED" in photos.message(items["thumb"]["run"])
    assert containers(photos, engine) == []


def test_the_log_of_a_container_is_where_describe_jobs_says(photos: World) -> None:
    photos.put("uploads/logged.jpg", picture())
    photos.settled("uploads/logged.jpg")
    job = next(j for j in photos.jobs("photos-upload") if j["parameters"]["key"] == "uploads/logged.jpg")
    (attempt,) = attempts(photos, f"{job['jobId']}:0")

    events = photos.sandbox.clients.logs.get_log_events(
        logGroupName="/batchkit/photos/worker", logStreamName=attempt["container"]["logStreamName"]
    )["events"]

    assert any('"uploads/logged.jpg"' in event["message"] for event in events)


def test_the_operations_job_sweeps_in_a_container(photos: World) -> None:
    key = "uploads/swept.jpg"
    photos.put(key, picture())
    photos.settled(key)
    made = photos.output(key, "thumb")
    photos.sandbox.clients.s3.delete_object(Bucket="photos-variants", Key=f"{key}/thumb.webp")
    assert photos.output(key, "thumb") is None

    job = photos.sandbox.clients.batch.submit_job(
        jobName="photos-sweep",
        jobQueue="photos-bulk",
        jobDefinition="photos-operations",
        parameters={"order": '{"do": "sweep"}', "time": "2026-11-24T03:00:00Z"},
    )["jobId"]
    photos.quiet()

    (done,) = photos.sandbox.clients.batch.describe_jobs(jobs=[job])["jobs"]
    assert done["status"] == "SUCCEEDED"
    assert photos.output(key, "thumb") == made


def test_a_child_told_to_stop_ends_with_75_and_its_retry_makes_the_rest(
    photos: World, engine: DockerClient
) -> None:
    keys = [f"stop/{n:03d}.jpg" for n in range(60)]
    count_writes(photos)
    for key in keys:
        photos.put(key, picture(1600, 1200))
    before = len(photos.traces)
    job = submit(photos, "stopped", keys, per_child=len(keys) * TASKS)

    def is_working() -> bool:
        return any(t.kind == "log" and '"stop/00' in t.text for t in photos.traces[before:])

    eventually(is_working, "the first source of the run")
    (container,) = containers(photos, engine, status="running")
    container.kill("SIGTERM")
    photos.quiet()

    first, second = attempts(photos, job)
    assert (first["container"]["exitCode"], second["container"]["exitCode"]) == (75, 0)
    made = [photos.output(key, "small") for key in keys]
    assert writes(photos, "stop/") == dict.fromkeys(writes(photos, "stop/"), 1)
    assert len(writes(photos, "stop/")) == len(keys) * TASKS
    assert all(body is not None and size_and_format(body)[0] == (320, 240) for body in made)
    record = photos.sandbox.ledger.run("stopped")
    assert record is not None
    assert (record["state"], record["counts"]["done"]) == ("SUCCEEDED", len(keys) * TASKS)


def test_a_reclaimed_host_is_a_retry_with_its_own_reason(photos: World) -> None:
    keys = [f"reclaim/{n:03d}.jpg" for n in range(40)]
    for key in keys:
        photos.put(key, picture(1600, 1200))
    before = len(photos.traces)
    job = submit(photos, "reclaimed", keys, per_child=len(keys) * TASKS)
    eventually(
        lambda: any(t.kind == "log" and '"reclaim/00' in t.text for t in photos.traces[before:]),
        "the first source",
    )

    assert photos.sandbox.stack.executor.reclaim(job)
    photos.quiet()

    first, second = attempts(photos, job)
    assert first["statusReason"] == "Your Spot Task was interrupted."
    assert first["container"]["exitCode"] == 75
    assert second["container"]["exitCode"] == 0
    assert {i["outcome"] for key in keys for i in photos.items(key).values()} == {"done"}
