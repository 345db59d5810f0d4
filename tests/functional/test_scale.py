"""Runs as large as AWS Batch allows, and larger: how they are cut into arrays, and that arrays end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from support.process import Terminal
from support.stack_world import InstantExecutor

from batchkit.aws.clients import Clients
from batchkit.deploy.deploy import deploy
from batchkit.local.stack import LocalStack
from batchkit.project.load import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.local.batch.executor import Task


PROJECT = """
[project]
name = "scale"

[upload]
bucket = "scale-in"
prefix = "uploads/"
suffixes = [".txt"]

[output]
bucket = "scale-out"
key = "{dir}/{name}/{task}.{ext}"

[compute]
max_vcpus = 16

[job]
uses = "support.jobs:Nothing"
"""


class WaitingExecutor(InstantExecutor):
    """Starts what has room, and ends nothing: the arrays stay as they were submitted."""

    def start(self, task: Task) -> None:
        self._watcher.running(task.id)


class Place:
    """A deployed project whose children `executor` plays."""

    def __init__(self, stack: LocalStack[InstantExecutor], folder: Path) -> None:
        self.stack = stack
        self._folder = folder
        (folder / "batchkit.toml").write_text(PROJECT)
        self.clients = Clients.of_environment(stack.environment)
        deploy(parse(PROJECT, folder / "batchkit.toml"), self.clients)

    def submit(self, children: int) -> dict[str, Any]:
        """A run of as many children as keys: what `batchkit submit` says of it."""
        keys = "".join(f"{children}/{number}.txt\n" for number in range(children))
        terminal = Terminal(self._folder, self.stack.environment)
        facts: dict[str, Any] = terminal.json("submit", "--manifest", "-", "--fan-out", "task", typed=keys)
        return facts

    def array(self, size: int) -> str:
        """An array submitted with nothing but its size; the job's id."""
        return self.clients.batch.submit_job(
            jobName="sized",
            jobQueue="scale-bulk",
            jobDefinition="scale-bulk",
            arrayProperties={"size": size},
        )["jobId"]

    def describe(self, job: str) -> Any:
        (found,) = self.clients.batch.describe_jobs(jobs=[job])["jobs"]
        return found


def test_arrays_of_two_and_of_ten_thousand_children_end(tmp_path: Path) -> None:
    # The first of this file: there is one stack at a time, and the others share one.
    with LocalStack(lambda _: InstantExecutor()) as stack:
        place = Place(stack, tmp_path)
        jobs = {size: place.array(size) for size in (2, 10_000)}
        assert stack.batch.settled(300)
        for size, job in jobs.items():
            parent = place.describe(job)
            assert parent["status"] == "SUCCEEDED"
            assert parent["arrayProperties"]["statusSummary"]["SUCCEEDED"] == size
        indices = {task.environment["AWS_BATCH_JOB_ARRAY_INDEX"] for task in stack.executor.tasks}
        assert indices == {str(index) for index in range(10_000)}


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with LocalStack(lambda _: WaitingExecutor()) as stack:
        yield Place(stack, tmp_path_factory.mktemp("waiting"))


@pytest.mark.parametrize(
    ("children", "sizes"),
    [
        (0, []),
        (1, [None]),
        (2, [2]),
        (9_999, [9_999]),
        (10_000, [10_000]),
        (10_001, [5_001, 5_000]),
        (25_000, [8_334, 8_333, 8_333]),
    ],
)
def test_a_run_is_as_few_arrays_as_batch_allows(
    waiting: Place, children: int, sizes: list[int | None]
) -> None:
    facts = waiting.submit(children)

    assert facts["plan"]["children"] == children
    assert facts["plan"]["calls"] == len(sizes)
    jobs = [waiting.describe(job) for job in facts["jobs"]]
    assert [job.get("arrayProperties", {}).get("size") for job in jobs] == sizes
    assert [job["jobName"] for job in jobs] == [f"{facts['run']}-{n}" for n in range(len(sizes))]
    firsts = [0, *(sum(size or 1 for size in sizes[: n + 1]) for n in range(len(sizes) - 1))]
    assert [int(job["parameters"]["first_child"]) for job in jobs] == firsts[: len(sizes)]


@pytest.mark.parametrize("size", [1, 10_001])
def test_an_array_that_batch_does_not_allow_is_refused(waiting: Place, size: int) -> None:
    with pytest.raises(ClientError, match="ClientException"):
        waiting.array(size)
