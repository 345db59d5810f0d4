"""A running sandbox as a test sees it: put, wait, look."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchkit.aws.inbox import Inbox
from batchkit.aws.objects import Objects
from batchkit.local.sandbox import Options, Sandbox, sandbox
from batchkit.planning.outputs import output_key
from batchkit.project.load import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batchkit.local.trace import Trace

PATIENCE = 300.0

PROJECT = """
[project]
name = "photos"

[upload]
bucket = "photos-originals"
prefix = "uploads/"
suffixes = [".jpg"]
max_bytes = "1 MB"

[output]
bucket = "photos-variants"
key = "{dir}/{name}/{task}.{ext}"

[compute]
type = "fargate-spot"
max_vcpus = 16

[job]
uses = "image-variants"

[[job.variants]]
name = "thumb"
resize = { width = 64, height = 64, fit = "cover" }
format = "webp"
quality = 80

[[job.variants]]
name = "small"
resize = { width = 320 }
format = "jpeg"
quality = 80

[[job.variants]]
name = "mono"
resize = { width = 160 }
filters = [{ type = "grayscale" }]
format = "png"
"""


class World:
    """Everything a test wants to do to a sandbox, and everything it wants to know of it."""

    def __init__(self, running: Sandbox, traces: list[Trace]) -> None:
        self.sandbox = running
        self.traces = traces
        self.objects = Objects(running.clients.s3)
        self.inbox = Inbox(running.clients, running.outputs["TopicArn"], "test-inbox")
        self._heard: list[str] = []

    def put(self, key: str, body: bytes) -> None:
        self.sandbox.clients.s3.put_object(Bucket=self.sandbox.project.upload.bucket, Key=key, Body=body)

    def items(self, key: str) -> dict[str, dict[str, Any]]:
        """The ledger's items of a source, by task."""
        found = self.sandbox.ledger.items(self.sandbox.project.upload.bucket, key)
        return {item["task"]: item for item in found}

    def settled(self, key: str, tasks: int | None = None) -> dict[str, dict[str, Any]]:
        """The items of a source, once all are there and nothing moves any more."""
        wanted = len(self.sandbox.project.recipe.tasks) if tasks is None else tasks
        eventually(lambda: len(self.items(key)) >= wanted, f"{wanted} items of {key!r}")
        self.quiet()
        return self.items(key)

    def quiet(self) -> None:
        """Wait until no event is under way and no job is running."""
        assert self.sandbox.stack.drain(PATIENCE), "the stack did not come to rest"

    def output(self, key: str, task: str) -> bytes | None:
        """The bytes of one output of a source."""
        extension = next(t.extension for t in self.sandbox.project.recipe.tasks if t.name == task)
        name = output_key(self.sandbox.project.output.key, key, task, extension)
        found = self.objects.get(self.sandbox.project.output.bucket, name)
        return found.body if found else None

    def message(self, needle: str) -> str:
        """The first SNS message that holds `needle`, once it came."""

        def heard() -> bool:
            self._heard += self.inbox.messages()
            return any(needle in text for text in self._heard)

        eventually(heard, f"a message with {needle!r}")
        return next(text for text in self._heard if needle in text)

    def messages(self, needle: str) -> list[str]:
        """All SNS messages so far that hold `needle`."""
        self.quiet()
        self._heard += self.inbox.messages()
        return [text for text in self._heard if needle in text]

    def dead_letters(self) -> list[dict[str, Any]]:
        """What lies in the rules' dead-letter queue: event and attributes. Takes it out."""
        sqs, url, found = self.sandbox.clients.sqs, self.sandbox.outputs["DeadLettersUrl"], []
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                attributes = {n: v["StringValue"] for n, v in message["MessageAttributes"].items()}
                found.append({"event": json.loads(message["Body"]), **attributes})
        return found

    def jobs(self, queue: str) -> list[dict[str, Any]]:
        """All parents and plain jobs of a queue, described."""
        batch, ids = self.sandbox.clients.batch, []
        for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"):
            pages = batch.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus=status)
            ids += [job["jobId"] for page in pages for job in page["jobSummaryList"]]
        described = [batch.describe_jobs(jobs=[job])["jobs"][0] for job in ids]
        return [dict(job) for job in described]

    def exit_code(self, job: dict[str, Any], child: int) -> int | None:
        """How one child of an array job ended."""
        (found,) = self.sandbox.clients.batch.describe_jobs(jobs=[f"{job['jobId']}:{child}"])["jobs"]
        return found["container"].get("exitCode")


@contextmanager
def world(
    text: str = PROJECT,
    *,
    listen: Callable[[Trace], None] = lambda trace: None,
    kind: type[Options] = Options,
    **options: Any,
) -> Iterator[World]:
    """A sandbox of the project that `text` describes; `listen` hears every trace as it comes, and a `kind` of
    options may bring an executor of its own."""
    traces: list[Trace] = []

    def observe(trace: Trace) -> None:
        traces.append(trace)
        listen(trace)

    project = parse(text, Path("batchkit.toml"))
    with sandbox(project, kind(observe=observe, **options)) as running:
        yield World(running, traces)


def eventually(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until `condition` holds; fails after `patience` seconds, which only a hang takes."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s in vain for {what}"
        time.sleep(0.05)
