"""A project's life on the local stack by `batchkit deploy` alone: created, changed, and nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.shell import Shell
from support.stack_world import StackWorld, running
from support.world import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANOTHER_VARIANT = """
[[job.variants]]
name = "tiny"
resize = { width = 16 }
format = "png"
"""


@pytest.fixture
def stack() -> Iterator[StackWorld]:
    with running() as world:
        yield world


@pytest.fixture
def shell(
    stack: StackWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    made = Shell(tmp_path, stack.stack.environment, monkeypatch, capsys)
    made.write(PROJECT)
    return made


def verbs(facts: Any, stack: str) -> dict[str, str]:
    (found,) = [one for one in facts["stacks"] if one["stack"] == stack]
    return {change["logical_id"]: change["verb"] for change in found["changes"]}


def test_a_project_is_created_then_changed_and_what_stands_already_is_left(
    shell: Shell, stack: StackWorld
) -> None:
    rehearsed = shell.text("deploy", "--dry-run")
    assert "stack photos-storage is created" in rehearsed
    assert stack.client("cloudformation").describe_stacks()["Stacks"] == []

    assert "nobody can be asked" in shell.text("deploy", expect=78)
    made = shell.json("deploy", "--yes")
    assert made["outputs"]["LedgerTable"] == "photos-ledger"

    again = shell.text("deploy")
    assert "Nothing to change" in again

    toml = PROJECT.replace('"fargate-spot"', '"fargate"\nmemory = "4 GB"') + ANOTHER_VARIANT
    shell.write(toml)
    changed = shell.json("deploy", "--yes")
    assert verbs(changed, "photos-compute")["FargateSpotEnvironment"] == "remove"
    assert verbs(changed, "photos-compute")["UploadJobDefinition"] == "change"
    assert verbs(changed, "photos-rules")["UploadAccepted"] == "change"
    assert shell.json("deploy", "--yes")["changed"] == []

    batch = stack.client("batch")
    environments = batch.describe_compute_environments()["computeEnvironments"]
    assert [one["computeResources"]["type"] for one in environments] == ["FARGATE"]
    answer = batch.describe_job_definitions(jobDefinitionName="photos-upload", status="ACTIVE")
    (definition,) = answer["jobDefinitions"]
    memory = {one["type"]: one["value"] for one in definition["containerProperties"]["resourceRequirements"]}
    assert memory["MEMORY"] == "4096"
