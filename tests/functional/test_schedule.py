"""Schedules in the local stack: a nightly sweep that really runs, and makes what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from support.world import World, world

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = """
[project]
name = "photos"

[upload]
bucket = "photos-originals"
prefix = "uploads/"
suffixes = [".txt"]
max_bytes = "1 MB"

[output]
bucket = "photos-variants"
key = "{dir}/{name}/{task}.{ext}"

[schedule]
sweep = "cron(0 3 * * ? *)"
timezone = "Europe/Paris"

[job]
uses = "support.jobs:Copies"
names = ["a", "b"]
"""


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with world(PROJECT) as found:
        yield found


def night(number: int) -> datetime:
    """A quarter past three in Paris, so many days ahead of now."""
    return (datetime.now(UTC) + timedelta(days=number)).replace(hour=2, minute=15, second=0, microsecond=0)


def sleep_until(running: World, moment: datetime) -> None:
    running.sandbox.stack.scheduler.advance(moment)
    running.quiet()


def test_a_nightly_sweep_makes_what_is_missing_and_once(running: World) -> None:
    key = "uploads/lost ü+.txt"
    running.put(key, b"hello")
    running.settled(key)
    made = running.output(key, "a")
    assert made
    running.sandbox.clients.s3.delete_object(Bucket="photos-variants", Key=f"{key}/a.txt")

    sleep_until(running, night(2))
    assert running.output(key, "a") == made
    bulk = {job["jobName"]: job["status"] for job in running.jobs("photos-bulk")}
    assert bulk.pop("photos-sweep") == "SUCCEEDED"
    (run,) = bulk
    assert bulk[run] == "SUCCEEDED"
    assert "SUCCEEDED" in running.message(run.rpartition("-")[0])

    # Delivered again, it finds its own run, and the next night finds nothing to do.
    (job,) = [job for job in running.jobs("photos-bulk") if job["jobName"] == "photos-sweep"]
    running.sandbox.clients.batch.submit_job(
        jobName="photos-sweep",
        jobQueue="photos-bulk",
        jobDefinition="photos-operations",
        parameters=job["parameters"],
    )
    running.quiet()
    sleep_until(running, night(3))
    names = [job["jobName"] for job in running.jobs("photos-bulk")]
    assert sorted(names) == sorted(["photos-sweep"] * 3 + [run])
    assert running.dead_letters() == []
