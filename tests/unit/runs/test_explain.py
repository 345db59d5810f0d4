"""Tests of batchkit.runs.explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.operating import Past
from support.submitting import sources

from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.runs.explain import Explanation, explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from support.moto_world import World

EXITED = "Essential container in task exited"


class Batch:
    """Describes one job."""

    def __init__(self, **job: Any) -> None:
        self.job = {"jobId": "job-0", "jobName": "n", **job}

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        return iter([self.job] if self.job["jobId"] in ids else [])


def explained(past: Past, **job: Any) -> Explanation:
    parameters = {
        "run": past.run,
        "recipe": past.plan.recipe,
        "sources": str(past.plan.sources),
        "per_child": "2",
        "first_child": "0",
        "time": "1",
    }
    return explain(Batch(parameters=parameters, **job), past.ledger, "job-0")


def test_a_child_is_explained_by_its_last_attempt(world: World) -> None:
    past = Past(world, sources(3))
    container = {"exitCode": 137, "reason": "OutOfMemoryError: killed", "logStreamName": "s"}
    attempts = [{"statusReason": "Host EC2 (instance i-1) terminated."}, {"statusReason": EXITED}]
    found = explained(past, status="FAILED", container=container, attempts=attempts)
    assert (found.failure_class, found.exit_code, found.attempts) == ("oom", 137, 2)
    assert f"batchkit retry {past.run} --only oom" in found.fix


def test_an_array_is_explained_by_what_befell_most_of_its_children(world: World) -> None:
    past = Past(world, sources(5))
    past.died(0, "Host EC2 (instance i-1) terminated.")
    for child in (2, 4):
        past.died(child, "Job attempt duration exceeded timeout")
    array = {"size": 5, "statusSummary": {}}
    found = explained(past, status="FAILED", statusReason="Array Child Job failed", arrayProperties=array)
    assert found.failure_class == "timeout"
    assert sorted(child for child, _ in found.children) == ["job-0:0", "job-0:2", "job-0:4"]


@pytest.mark.parametrize(
    ("status", "reason", "word"),
    [
        ("RUNNABLE", "", "capacity"),
        ("RUNNABLE", "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", "no compute environment"),
        ("SUCCEEDED", "", "nothing failed"),
    ],
)
def test_a_job_that_did_not_fail_is_explained_too(world: World, status: str, reason: str, word: str) -> None:
    found = explained(Past(world, sources(1)), status=status, statusReason=reason)
    assert word in found.cause
    assert (found.failure_class, found.exit_code) == ("", None)


def test_a_foreign_job_is_explained_by_what_batch_says(world: World) -> None:
    found = explain(Batch(status="FAILED", statusReason="stopped by Ann"), world.ledger, "job-0")
    assert (found.run, found.cause) == ("", "stopped by Ann")


def test_a_forgotten_job_is_an_error_that_says_where_else_to_look(world: World) -> None:
    with pytest.raises(DataError, match="knows no job") as raised:
        explain(Batch(status="FAILED"), world.ledger, "job-9")
    assert "results" in str(raised.value)


def test_an_array_is_explained_without_a_look_at_the_children_of_the_others(world: World) -> None:
    past = Past(world, sources(200))
    for child in (3, 150, 199):
        past.died(child, "Host EC2 (instance i-1) terminated.")
    for child in range(100):
        past.reported(child, done=2)
    read = list(past.ledger.failures(past.run, past.plan.children, range(100, 200)))
    assert sorted(one.child for one in read) == [150, 199]
    asked: list[dict[str, Any]] = []
    world.clients.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params)
    )
    array = {"size": 200, "statusSummary": {}}
    found = explained(past, status="FAILED", statusReason="Array Child Job failed", arrayProperties=array)
    assert len(found.children) == 3
    assert len(asked) == names.report_shards(200)
    assert all(":first" in one["ExpressionAttributeValues"] for one in asked)
    assert {one["ProjectionExpression"] for one in asked} == {"failure"}
