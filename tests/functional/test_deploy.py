"""A project's life on the local stack by `batchkit deploy` alone: created, changed, and nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.pictures import picture
from support.shell import Shell
from support.stack_world import InstantExecutor
from support.world import PROJECT, eventually

from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.local.call_faults import CallFaults
from batchkit.local.sandbox import Options
from batchkit.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batchkit.local.spot import SpotReclaims

ANOTHER_VARIANT = """
[[job.variants]]
name = "tiny"
resize = { width = 16 }
format = "png"
"""


@pytest.fixture
def stack() -> Iterator[LocalStack[SpotReclaims]]:
    with LocalStack(lambda environment: Options().make_executor("image-variants", environment)) as running:
        yield running


@pytest.fixture
def aws(stack: LocalStack[SpotReclaims]) -> Clients:
    return Clients.of_environment(stack.environment)


@pytest.fixture
def shell(
    stack: LocalStack[SpotReclaims],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    made = Shell(tmp_path, stack.environment, monkeypatch, capsys)
    made.write(PROJECT)
    return made


def verbs(facts: Any, stack: str) -> dict[str, str]:
    (found,) = [one for one in facts["stacks"] if one["stack"] == stack]
    return {change["logical_id"]: change["verb"] for change in found["changes"]}


def test_a_project_lives_by_deploy_and_destroy_alone(
    shell: Shell, stack: LocalStack[SpotReclaims], aws: Clients
) -> None:
    assert "stack photos-storage is created" in shell.text("deploy", "--dry-run")
    assert "nobody can be asked" in shell.text("deploy", "--image", "worker:1", expect=78)
    assert aws.cloudformation.describe_stacks()["Stacks"] == []

    made = shell.json("deploy", "--yes", "--image", "worker:1")
    assert made["outputs"]["LedgerTable"] == "photos-ledger"
    assert (
        shell.json("outputs")["outputs"] == shell.json("outputs", "--offline")["outputs"] == made["outputs"]
    )
    assert "Nothing to change" in shell.text("deploy", "--image", "worker:1")

    shell.write(PROJECT.replace('"fargate-spot"', '"fargate"\nmemory = "4 GB"') + ANOTHER_VARIANT)
    changed = shell.json("deploy", "--yes", "--image", "worker:1")
    assert verbs(changed, "photos-compute")["FargateSpotEnvironment"] == "remove"
    assert verbs(changed, "photos-compute")["UploadJobDefinition"] == "change"
    assert verbs(changed, "photos-rules")["UploadAccepted"] == "change"
    assert shell.json("deploy", "--yes", "--image", "worker:1")["changed"] == []
    assert facts_of_compute(aws) == (["FARGATE"], "4096")

    aws.s3.put_object(Bucket="photos-originals", Key="uploads/a.jpg", Body=picture(64, 48))
    eventually(lambda: len(outcomes(aws, "uploads/a.jpg")) == 4, "four variants")
    assert set(outcomes(aws, "uploads/a.jpg").values()) == {"done"}
    assert stack.drain(300)

    assert shell.json("doctor")["findings"] == []
    dead_letters_are_delivered(shell, stack, aws)

    gone = shell.json("destroy", "--yes")
    assert aws.cloudformation.describe_stacks()["Stacks"] == []
    kept = {one["name"] for one in gone["remaining"]}
    assert {"photos-originals", "photos-variants", "photos-ledger"} <= kept
    assert shell.json("destroy", "--yes")["steps"] == []

    again = shell.json("deploy", "--yes", "--image", "worker:1")
    assert len(outcomes(aws, "uploads/a.jpg")) == 4
    assert "photos-storage" in again["changed"]

    last = shell.json("destroy", "--yes", "--delete-data")
    assert last["remaining"] == []
    assert aws.s3.list_buckets()["Buckets"] == []
    assert aws.dynamodb.list_tables()["TableNames"] == []


def dead_letters_are_delivered(shell: Shell, stack: LocalStack[SpotReclaims], aws: Clients) -> None:
    """EventBridge makes no JSON of a key with a tab; a replay does."""
    key = "uploads/a\tb.jpg"
    aws.s3.put_object(Bucket="photos-originals", Key=key, Body=picture(64, 48))
    assert stack.drain(300)
    (finding,) = shell.json("doctor", expect=65)["findings"]
    assert finding["check"] == "dead-letters"
    (letter,) = shell.json("dlq", "list")
    assert (letter["about"], letter["error"]) == (f"s3://photos-originals/{key}", "INVALID_JSON")

    rehearsed = shell.json("dlq", "replay", "--dry-run")
    assert rehearsed["letters"][0]["done"] == "submit photos-upload"
    assert not outcomes(aws, key)

    shell.text("dlq", "replay")
    eventually(lambda: len(outcomes(aws, key)) == 4, "four variants of a dead letter")
    assert set(outcomes(aws, key).values()) == {"done"}
    assert stack.drain(300)
    assert shell.json("dlq", "list") == []


def facts_of_compute(aws: Clients) -> tuple[list[str], str]:
    """The kinds of the compute environments, and the memory of an upload's child."""
    environments = aws.batch.describe_compute_environments()["computeEnvironments"]
    answer = aws.batch.describe_job_definitions(jobDefinitionName="photos-upload", status="ACTIVE")
    (definition,) = answer["jobDefinitions"]
    needs = {one["type"]: one["value"] for one in definition["containerProperties"]["resourceRequirements"]}
    return [one["computeResources"]["type"] for one in environments], needs["MEMORY"]


def outcomes(aws: Clients, key: str) -> dict[str, str]:
    found = Ledger(aws.dynamodb, "photos-ledger").items("photos-originals", key)
    return {item["task"]: item["outcome"] for item in found}


def test_throttled_calls_and_lost_answers_neither_stop_a_deployment_nor_do_anything_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = CallFaults(throttle=0.05, error=0.1, seed=3, deploying=True)
    with LocalStack(lambda _: InstantExecutor(), call_faults=faults) as stack:
        shell = Shell(tmp_path, stack.environment, monkeypatch, capsys)
        shell.write(PROJECT)
        made = shell.json("deploy", "--yes", "--image", "worker:1")
        assert "photos-rules" in made["changed"]
        assert shell.json("deploy", "--yes", "--image", "worker:1")["changed"] == []
        revisions = Clients.of_environment(stack.environment).batch.describe_job_definitions()[
            "jobDefinitions"
        ]
        assert {one["revision"] for one in revisions} == {1}
        assert shell.json("destroy", "--yes", "--delete-data")["remaining"] == []
