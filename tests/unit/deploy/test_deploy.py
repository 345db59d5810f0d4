"""The whole deployment in process: what arrives at each service."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.cloud import ACCOUNT, REGION, cloud
from support.projects import photos

from batchkit.deploy import code
from batchkit.deploy.deploy import default_image, deploy, execute, site
from batchkit.deploy.plan import plan
from batchkit.deploy.steps import File, Removal, Stack
from batchkit.planning import metrics
from batchkit.project import Alarms, Gallery, Schedule
from batchkit.runs import orders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.aws.clients import Clients
    from batchkit.project import Project

PARTS = ("network", "storage", "compute", "schedule", "rules")
ARTIFACTS = f"photos-{ACCOUNT}-{REGION}"


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


def array_size(aws: Clients) -> int | None:
    (target,) = aws.events.list_targets_by_rule(Rule="photos-upload-accepted")["Targets"]
    return target["BatchParameters"].get("ArrayProperties", {}).get("Size")


def body(aws: Clients, key: str) -> bytes:
    return aws.s3.get_object(Bucket=ARTIFACTS, Key=key)["Body"].read()


def test_a_project_is_deployed_completely(aws: Clients) -> None:
    project = photos(tasks=3)
    outputs = deploy(project, aws)
    stacks = {
        stack["StackName"]: stack["StackStatus"] for stack in aws.cloudformation.describe_stacks()["Stacks"]
    }
    assert stacks == dict.fromkeys([f"photos-{part}" for part in PARTS], "CREATE_COMPLETE")
    assert outputs["LedgerTable"] == "photos-ledger"
    assert outputs["UploadQueueArn"].endswith(":job-queue/photos-upload")
    assert body(aws, f"recipes/{project.recipe.digest}.json") == project.recipe.document
    function = aws.functions.get_function(FunctionName="photos-completion")
    assert function["Configuration"]["Environment"]["Variables"]["BATCHKIT_ARTIFACTS"] == ARTIFACTS
    zipped = zipfile.ZipFile(io.BytesIO(body(aws, code.pack().key)))
    assert {"completion.py", "rejected_upload.py"} <= set(zipped.namelist())


def test_another_number_of_tasks_turns_the_target_into_a_plain_job_and_back(aws: Clients) -> None:
    sizes = []
    for tasks in (3, 1, 2):
        deploy(photos(tasks), aws)
        sizes.append(array_size(aws))
    assert sizes == [3, None, 2]


def test_deploying_the_same_again_changes_nothing(aws: Clients) -> None:
    first = deploy(photos(tasks=2), aws)
    assert deploy(photos(tasks=2), aws) == first
    definitions = aws.batch.describe_job_definitions()["jobDefinitions"]
    assert sorted((d["jobDefinitionName"], d["revision"]) for d in definitions) == [
        ("photos-bulk", 1),
        ("photos-operations", 1),
        ("photos-upload", 1),
    ]


def test_another_image_is_a_new_revision_that_the_rules_follow(aws: Clients) -> None:
    deploy(photos(tasks=2), aws, image="worker:1")
    deploy(photos(tasks=2), aws, image="worker:2")
    definitions = aws.batch.describe_job_definitions(jobDefinitionName="photos-upload")["jobDefinitions"]
    newest = max(definitions, key=lambda definition: definition["revision"])
    assert newest["containerProperties"]["image"] == "worker:2"
    (target,) = aws.events.list_targets_by_rule(Rule="photos-upload-accepted")["Targets"]
    assert target["BatchParameters"]["JobDefinition"] == "photos-upload"


def test_outputs_may_share_the_bucket_of_the_uploads(aws: Clients) -> None:
    outputs = deploy(sharing(photos(tasks=1)), aws)
    assert outputs["OutputBucket"] == outputs["UploadBucket"] == "photos-originals"


def test_below_a_prefix_each_suffix_has_a_rule_that_comes_and_goes_with_it(aws: Clients) -> None:
    for suffixes in ((".jpg",), (".jpg", ".png", ".gif"), (".jpg", ".png")):
        project = photos(tasks=2)
        upload = msgspec.structs.replace(project.upload, suffixes=suffixes)
        deploy(replace(project, upload=upload), aws)
        found = aws.events.list_rules(NamePrefix="photos-upload-accepted")["Rules"]
        targets = [aws.events.list_targets_by_rule(Rule=rule["Name"])["Targets"] for rule in found]
        assert len(found) == len(suffixes)
        assert targets == [targets[0]] * len(suffixes)
        assert sorted(
            suffix for suffix in suffixes for rule in found if suffix in rule["EventPattern"]
        ) == sorted(suffixes)


def sharing(project: Project) -> Project:
    output = msgspec.structs.replace(
        project.output, bucket=project.upload.bucket, key="out/{name}/{task}.{ext}"
    )
    return replace(project, output=output)


class Display:
    """An executor that changes nothing."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def file(self, step: File) -> None:
        self.seen.append(step.key.split("/")[0])

    def stack(self, step: Stack) -> Mapping[str, str]:
        self.seen.append(step.name)
        return {step.name: "would be there"}

    def removal(self, step: Removal) -> None:
        self.seen.append(f"no {step.name}")


def test_a_dry_run_is_another_executor(aws: Clients) -> None:
    project, display, told = photos(tasks=1), Display(), list[Any]()
    steps = plan(project, site(aws, project), code.pack())
    outputs = execute(steps, display, told.append)
    assert [one for one in display.seen if one != "_gallery"] == [
        "photos-network",
        "photos-storage",
        "recipes",
        "projects",
        "code",
        "photos-compute",
        "photos-schedule",
        "photos-rules",
        "no photos-observability",
    ]
    assert told == list(steps.steps)
    assert sorted(outputs) == sorted(f"photos-{part}" for part in PARTS)
    assert aws.cloudformation.describe_stacks()["Stacks"] == []


def test_without_an_image_the_children_run_the_one_that_batchkit_pushes(aws: Clients) -> None:
    project = photos(tasks=1)
    assert site(aws, project).image == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/photos-worker:latest"
    assert site(aws, project, "mine:1").image == "mine:1"


def test_a_sweep_by_the_clock_comes_changes_and_goes_with_its_keys(aws: Clients) -> None:
    nightly = Schedule(sweep="cron(0 3 * * ? *)", timezone="Europe/Paris", max_cost=5)
    for schedule in (nightly, Schedule(sweep="rate(2 hours)", window=0), Schedule()):
        deploy(replace(photos(tasks=2), schedule=schedule), aws)
        found = {
            each["Name"]: aws.scheduler.get_schedule(GroupName="photos", Name=each["Name"])
            for each in aws.scheduler.list_schedules(GroupName="photos")["Schedules"]
        }
        assert [each["ScheduleExpression"] for each in found.values()] == list(filter(None, [schedule.sweep]))
        if schedule.sweep:
            assert found["sweep"]["ScheduleExpressionTimezone"] == schedule.timezone
            request = json.loads(found["sweep"]["Target"]["Input"])
            assert orders.parse(request["Parameters"]["order"]) == orders.Sweep(max_cost=schedule.max_cost)
            mode = found["sweep"]["FlexibleTimeWindow"]["Mode"]
            assert mode == ("FLEXIBLE" if schedule.window else "OFF")


def test_alarms_come_and_go_with_their_table(aws: Clients) -> None:
    watched = replace(photos(tasks=2), alarms=Alarms(email="ops@example.com"))
    topic = deploy(watched, aws)["AlarmsTopicArn"]
    (subscription,) = aws.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")
    assert aws.scheduler.get_schedule(GroupName="photos-observability", Name="look")["State"] == "ENABLED"
    assert publishes(aws)
    deploy(photos(tasks=2), aws)
    assert not publishes(aws)
    assert "photos-observability" not in [
        s["StackName"] for s in aws.cloudformation.describe_stacks()["Stacks"]
    ]


def publishes(aws: Clients) -> bool:
    """Whether the completion handler and all children publish metrics."""
    function = aws.functions.get_function(FunctionName="photos-completion")["Configuration"]
    definitions = aws.batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    newest = {d["jobDefinitionName"]: d for d in sorted(definitions, key=lambda d: d["revision"])}
    environments = [
        {
            pair["name"]: pair["value"]
            for pair in newest[f"photos-{lane}"]["containerProperties"]["environment"]
        }
        for lane in ("upload", "bulk")
    ]
    given = {metrics.is_enabled(each) for each in (*environments, function["Environment"]["Variables"])}
    (answer,) = given
    return answer


def test_a_project_without_a_gallery_has_neither_its_rule_nor_its_function_nor_its_page(aws: Clients) -> None:
    deploy(replace(photos(tasks=1), gallery=Gallery(enabled=False)), aws)
    rules = {rule["Name"] for rule in aws.events.list_rules()["Rules"]}
    functions = {one["FunctionName"] for one in aws.functions.list_functions()["Functions"]}
    assert {"photos-run-finished", "photos-gallery-due"} & rules == {"photos-run-finished"}
    assert {"photos-completion", "photos-gallery"} & functions == {"photos-completion"}
    assert aws.s3.list_objects_v2(Bucket="photos-variants")["KeyCount"] == 0


def test_in_china_the_registry_has_another_domain() -> None:
    assert default_image("1" * 12, "cn-north-1", "photos") == (
        "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn/photos-worker:latest"
    )
