"""`batchkit submit` while each kind of call that it makes is throttled once and loses its answer once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.process import Terminal
from support.stack_world import InstantExecutor

from batchkit.aws.clients import Clients
from batchkit.deploy.deploy import deploy
from batchkit.local.call_faults import Aim
from batchkit.local.stack import LocalStack
from batchkit.planning import names
from batchkit.project.load import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.local.trace import Trace

PROJECT = """
[project]
name = "faulty"

[upload]
bucket = "faulty-in"
prefix = "uploads/"
suffixes = [".txt"]

[output]
bucket = "faulty-out"
key = "{dir}/{name}/{task}.{ext}"

[compute]
type = "ec2-spot"

[job]
uses = "support.jobs:Nothing"
"""

OPERATIONS = [
    "DescribeSpotPriceHistory",
    "GetCallerIdentity",
    "GetItem",
    "HeadObject",
    "ListObjectsV2",
    "PutObject",
    "Query",
    "SubmitJob",
    "UpdateItem",
]


class Place:
    """A deployed project whose children end at once, and what is said of the calls that reach it."""

    def __init__(self, stack: LocalStack[InstantExecutor], folder: Path, traces: list[Trace]) -> None:
        self.stack, self.folder, self._traces = stack, folder, traces
        (folder / "batchkit.toml").write_text(PROJECT)
        self.clients = Clients.of_environment(stack.environment)
        deploy(parse(PROJECT, folder / "batchkit.toml"), self.clients)

    def submit(self, prefix: str, *aims: Aim) -> dict[str, Any]:
        """A run of three new sources, with such faults: what `batchkit submit` says of it."""
        for number in range(3):
            self.clients.s3.put_object(Bucket="faulty-in", Key=f"{prefix}/{number}.txt", Body=b"x")
        # What ended before makes calls of its own.
        assert self.stack.drain(300)
        self._traces.clear()
        self.stack.calls.aim(*aims)
        terminal = Terminal(self.folder, self.stack.environment)
        facts: dict[str, Any] = terminal.json("submit", f"s3://faulty-in/{prefix}/", "--changed-only")
        return facts

    def fates(self, operation: str) -> list[str]:
        """What became on purpose of the calls of an operation."""
        met = [trace.data for trace in self._traces if "fate" in trace.data]
        assert {each["operation"] for each in met} <= {operation}
        return [each["fate"] for each in met]

    def jobs_of(self, run: str) -> list[str]:
        listed = self.clients.batch.list_jobs(
            jobQueue="faulty-bulk", filters=[{"name": "JOB_NAME", "values": [f"{run}*"]}]
        )
        return [job["jobId"] for job in listed["jobSummaryList"]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    traces: list[Trace] = []
    with LocalStack(lambda _: InstantExecutor(), observe=traces.append) as stack:
        yield Place(stack, tmp_path_factory.mktemp("faulty"), traces)


def test_every_kind_of_call_has_its_turn_below(place: Place) -> None:
    place.submit("recorded")
    assert set(OPERATIONS) <= set(place.stack.calls.operations)
    others = set(place.stack.calls.operations) - set(OPERATIONS)
    # Completion, meanwhile, and what the test itself puts.
    assert others <= {"PutEvents", "Publish", "GetObject", "PutLogEvents", "DescribeJobs"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_call_that_is_throttled_and_then_loses_its_answer_makes_no_second_job(
    place: Place, operation: str
) -> None:
    facts = place.submit(operation, Aim("throttled", operation, 1), Aim("lost", operation, 2))
    assert place.fates(operation) == ["throttled", "lost"]
    place.stack.calls.aim()
    assert place.jobs_of(facts["run"]) == facts["jobs"]
    assert len(facts["jobs"]) == 1
    artifacts = names.artifacts_bucket("faulty", place.stack.account, "us-east-1")
    key = names.manifest_key(facts["run"])
    stored = place.clients.s3.get_object(Bucket=artifacts, Key=key)["Body"].read()
    assert stored.count(b"\n") == 3
