"""Schedules in the local stack: a nightly sweep that really runs, and makes what is missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.embedded import check_embedded
from support.process import Terminal
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

[alarms]

[job]
uses = "support.jobs:Copies"
names = ["a", "b"]
"""


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with world(PROJECT) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "batchkit.toml").write_text(PROJECT)
    return tmp_path


def schedule(running: World, folder: Path, *arguments: str) -> Any:
    """`batchkit schedule … --output json`."""
    return Terminal(folder, running.sandbox.stack.environment).json("schedule", *arguments)


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


def test_a_submission_once_is_added_fires_and_goes(running: World, folder: Path) -> None:
    key = "archive/old.txt"
    running.put(key, b"old")
    when = night(10)
    arguments = (f"at({when:%Y-%m-%dT%H:%M:%S})", "--submit", "s3://photos-originals/archive/")
    added = schedule(running, folder, "add", "once", *arguments)
    assert (added["change"], added["next"]) == ("added", [when.isoformat()])
    assert schedule(running, folder, "add", "once", *arguments)["change"] == "unchanged"
    assert [each["name"] for each in schedule(running, folder, "list")] == ["once", "sweep"]
    sleep_until(running, when + timedelta(minutes=1))
    assert running.output(key, "b")
    assert [each["name"] for each in schedule(running, folder, "list")] == ["sweep"]
    assert schedule(running, folder, "remove", "once") == {"once": False}


def test_children_and_the_ends_of_runs_publish_metrics_and_the_queues_are_looked_at(running: World) -> None:
    running.put("uploads/counted.txt", b"12345")
    running.settled("uploads/counted.txt")
    found: set[tuple[str, tuple[str, ...]]] = set()
    for group in ("/batchkit/photos/worker", "/aws/lambda/photos-completion"):
        for line in logged(running, group):
            if "_aws" in line:
                found |= set(check_embedded(line))
    lane = ("photos", "upload")
    assert {("Items", lane), ("Done", lane), ("Items", ("photos",)), ("RunsSucceeded", ("photos",))} <= found
    sleep_until(running, night(20))
    looks = [trace for trace in running.traces if trace.text == "schedule look → function photos-waiting"]
    assert looks
    assert [trace.text for trace in running.traces if trace.kind == "dead-letter"] == []


def logged(running: World, group: str) -> list[dict[str, Any]]:
    """The lines of a log group that are JSON."""
    logs = running.sandbox.clients.logs
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    texts = [event["message"] for page in pages for event in page["events"]]
    return [json.loads(text) for text in texts if text.startswith("{")]
