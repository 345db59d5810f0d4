"""compute.yaml: what jobs run on, and how."""

from __future__ import annotations

import dataclasses
import email
import json
import re
from typing import Any

import boto3
import pytest
from support.cloud import cloud
from support.projects import deployed, photos
from support.templates import alternatives, of_type, strings, template

from batchkit.deploy.steps import COMPUTE
from batchkit.planning.uploads import UploadRules
from batchkit.project.tables import Output

ENVIRONMENTS = of_type(COMPUTE, "AWS::Batch::ComputeEnvironment")
QUEUES = of_type(COMPUTE, "AWS::Batch::JobQueue")
# AWS Batch user guide, "Jobs stuck in RUNNABLE": the reasons that a limit can be set for, and its bounds.
REASONS = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
}
# Of ComputeResources, what Fargate refuses.
EC2_ONLY = {
    "AllocationStrategy",
    "BidPercentage",
    "DesiredvCpus",
    "MinvCpus",
    "ImageId",
    "InstanceTypes",
    "InstanceRole",
    "Ec2Configuration",
    "Ec2KeyPair",
    "LaunchTemplate",
    "PlacementGroup",
    "SpotIamFleetRole",
    "Tags",
    "UpdateToLatestImageVersion",
}


def definition(lane: str) -> dict[str, Any]:
    return next(
        properties
        for properties in of_type(COMPUTE, "AWS::Batch::JobDefinition").values()
        if properties["JobDefinitionName"] == {"Sub": f"${{Project}}-{lane}"}
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_runs_while_there_is_nothing_to_do(environment: str) -> None:
    assert ENVIRONMENTS[environment]["ComputeResources"].get("MinvCpus", 0) == 0


def test_environments_of_ec2_are_changed_in_place_and_let_jobs_end() -> None:
    for environment in ("Ec2SpotEnvironment", "Ec2OnDemandEnvironment"):
        found = ENVIRONMENTS[environment]
        assert found["ReplaceComputeEnvironment"] is False
        assert "ServiceRole" not in found
        assert found["UpdatePolicy"]["TerminateJobsOnUpdate"] is False
        assert found["ComputeResources"]["AllocationStrategy"] != "BEST_FIT"
        assert found["ComputeResources"]["Ec2Configuration"] == [{"ImageType": "ECS_AL2023"}]


def test_spot_capacity_is_chosen_as_aws_advises() -> None:
    resources = ENVIRONMENTS["Ec2SpotEnvironment"]["ComputeResources"]
    assert resources["AllocationStrategy"] == "SPOT_PRICE_CAPACITY_OPTIMIZED"
    assert "SpotIamFleetRole" not in resources


@pytest.mark.parametrize("environment", ["FargateEnvironment", "FargateSpotEnvironment"])
def test_fargate_gets_nothing_that_it_refuses(environment: str) -> None:
    assert EC2_ONLY & set(ENVIRONMENTS[environment]["ComputeResources"]) == set()


def test_both_lanes_run_on_the_same_and_uploads_go_first() -> None:
    upload, bulk = QUEUES["UploadQueue"], QUEUES["BulkQueue"]
    assert upload["ComputeEnvironmentOrder"] == bulk["ComputeEnvironmentOrder"]
    assert upload["Priority"] > bulk["Priority"]


@pytest.mark.parametrize("queue", QUEUES)
def test_no_job_waits_for_ever(queue: str) -> None:
    limits = QUEUES[queue]["JobStateTimeLimitActions"]
    assert {limit["Reason"] for limit in limits} == REASONS
    for limit in limits:
        assert (limit["State"], limit["Action"]) == ("RUNNABLE", "CANCEL")
        assert 600 <= limit["MaxTimeSeconds"] <= 86_400


@pytest.mark.parametrize(
    ("compute", "types"),
    [
        ("ec2-spot", ["SPOT", "EC2"]),
        ("fargate-spot", ["FARGATE_SPOT", "FARGATE"]),
        ("fargate", ["FARGATE"]),
    ],
)
def test_spot_falls_back_to_demand_and_kinds_are_never_mixed(compute: str, types: list[str]) -> None:
    with cloud() as clients:
        deployed(clients, photos(tasks=2, compute=compute))
        environments = clients.batch.describe_compute_environments()["computeEnvironments"]
        kinds = {e["computeEnvironmentArn"]: e["computeResources"]["type"] for e in environments}
        assert sorted(kinds.values()) == sorted(types)
        for queue in clients.batch.describe_job_queues()["jobQueues"]:
            order = sorted(queue["computeEnvironmentOrder"], key=lambda entry: entry["order"])
            assert [kinds[entry["computeEnvironment"]] for entry in order] == types


@pytest.mark.parametrize("lane", ["upload", "bulk"])
def test_a_container_is_confined(lane: str) -> None:
    container = definition(lane)["ContainerProperties"]
    assert container["ReadonlyRootFilesystem"] is True
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", container["User"])
    assert "Privileged" not in container
    assert "AttemptDurationSeconds" in definition(lane)["Timeout"]


@pytest.mark.parametrize("lane", ["upload", "bulk"])
def test_a_job_says_its_platform_once_and_fargate_s_own_only_there(lane: str) -> None:
    container = definition(lane)["ContainerProperties"]
    for name in ("NetworkConfiguration", "RuntimePlatform"):
        condition, given, otherwise = container[name]["If"]
        assert (condition, otherwise) == ("OnFargate", {"Ref": "AWS::NoValue"})
        assert given
    assert definition(lane)["PlatformCapabilities"] == [{"If": ["OnEc2", "EC2", "FARGATE"]}]


def test_the_lanes_differ_in_what_they_are_told_only() -> None:
    def common(lane: str) -> dict[str, Any]:
        found = definition(lane)
        container = {
            k: v for k, v in found["ContainerProperties"].items() if k not in {"Command", "Environment"}
        }
        return {**found, "JobDefinitionName": "", "Timeout": {}, "ContainerProperties": container}

    assert common("upload") == common("bulk")


def test_an_upload_of_the_longest_names_stays_below_the_limit_of_a_tasks_overrides() -> None:
    # ECS takes 8,192 characters; less were refused already, as Batch adds variables of its own.
    bucket, key = "b" * 63, "k" * 1024
    rules = UploadRules(bucket, "p" * 512, (".jpg",), 10**12).to_json()
    place = {"BATCHKIT_OUTPUT_KEY": "o" * 512, "BATCHKIT_UPLOADS": rules, "BATCHKIT_KEY": key}
    container = definition("upload")["ContainerProperties"]
    names = [pair["Name"] for pair in container["Environment"]] + ["BATCHKIT_KEY"]
    parameters = {"Ref::recipe": "f" * 64, "Ref::bucket": bucket, "Ref::key": key}
    overrides = {
        "command": [parameters.get(word, "x" * 34) for word in container["Command"]],
        "environment": [{"name": name, "value": place.get(name, bucket)} for name in names],
    }
    assert len(json.dumps(overrides)) < 6_500


def test_instances_keep_their_role_to_themselves_and_their_disks_encrypted() -> None:
    (properties,) = of_type(COMPUTE, "AWS::EC2::LaunchTemplate").values()
    data = properties["LaunchTemplateData"]
    assert data["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    (disk,) = data["BlockDeviceMappings"]
    assert (disk["Ebs"]["VolumeType"], disk["Ebs"]["Encrypted"]) == ("gp3", True)


def test_the_user_data_is_the_mime_that_batch_takes_and_drains_before_a_reclaim() -> None:
    (properties,) = of_type(COMPUTE, "AWS::EC2::LaunchTemplate").values()
    message = email.message_from_string(properties["LaunchTemplateData"]["UserData"]["Fn::Base64"])
    assert message.get_content_type() == "multipart/mixed"
    (part,) = message.get_payload()
    assert isinstance(part, email.message.Message)
    assert part.get_content_type() == "text/x-shellscript"
    script = str(part.get_payload())
    assert script.startswith("#!/bin/sh\n")
    assert "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config" in script


@pytest.mark.parametrize("name", ["Ec2SpotEnvironment", "Ec2OnDemandEnvironment"])
def test_without_a_choice_of_types_there_are_the_current_ones_of_the_architecture(name: str) -> None:
    given, current = alternatives(ENVIRONMENTS[name]["ComputeResources"]["InstanceTypes"])
    assert given == {"Ref": "InstanceTypes"}
    assert current == [{"If": ["OnArm", "default_arm64", "default_x86_64"]}]


def test_a_job_reads_and_writes_what_its_work_needs_and_no_more() -> None:
    roles = of_type(COMPUTE, "AWS::IAM::Role")
    (worker,), (start,) = roles["JobRole"]["Policies"], roles["ExecutionRole"]["Policies"]
    allowed = {each["Sid"]: each for each in worker["PolicyDocument"]["Statement"] if "Sid" in each}
    assert allowed["WriteOutputs"]["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert allowed["WriteOutputs"]["Resource"]["Sub"].endswith(":${OutputBucketName}/${OutputPrefix}*")
    pull = next(each for each in start["PolicyDocument"]["Statement"] if each["Sid"] == "PullImage")
    own, own_arn, given = pull["Resource"]["If"]
    assert own == "OwnRepository"
    assert own_arn["Sub"].endswith(":repository/${Project}-worker")
    assert given == {"Ref": "ImageRepositoryArn"}


def test_a_deployed_job_may_write_below_the_outputs_prefix_only() -> None:
    project = photos(tasks=2)
    output = Output(bucket=project.output.bucket, key="variants/{dir}/{stem}/{task}.{ext}")
    with cloud() as clients:
        deployed(clients, dataclasses.replace(project, output=output))
        iam = boto3.client("iam")
        (role,) = [each for each in iam.list_roles()["Roles"] if "JobRole" in each["RoleName"]]
        document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="worker")["PolicyDocument"]
    assert "'arn:aws:s3:::photos-variants/variants/*'" in str(document)
    assert "photos-variants/*" not in str(document)


def test_no_secret_is_a_parameter() -> None:
    words = " ".join(strings(template(COMPUTE)["Parameters"])).lower()
    assert not re.findall(r"password|secret|token|credential", words)
