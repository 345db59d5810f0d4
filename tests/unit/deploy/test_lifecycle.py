"""A project's life on moto: created, changed and removed, step by step of its plans."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.cloud import cloud
from support.projects import photos

from batchkit.deploy.code import Code
from batchkit.deploy.deploy import deploy
from batchkit.deploy.executor import AwsExecutor
from batchkit.deploy.plan import plan
from batchkit.deploy.steps import Removal, Site, Stack
from batchkit.deploy.tools import Tools
from batchkit.planning import names
from batchkit.project.sizes import Memory
from batchkit.project.tables import Network, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients
    from batchkit.project import Project

SITE = Site("123456789012", "us-east-1", "worker:1")
PARTS = ("rules", "schedule", "compute", "storage", "network")


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


def computing(project: Project, **changes: Any) -> Project:
    return dataclasses.replace(project, compute=msgspec.structs.replace(project.compute, **changes))


def kinds(aws: Clients) -> dict[str, list[str]]:
    """The types of the environments of each queue, in order."""
    found = aws.batch.describe_compute_environments()["computeEnvironments"]
    types = {each["computeEnvironmentArn"]: each["computeResources"]["type"] for each in found}
    return {
        queue["jobQueueName"]: [types.pop(e["computeEnvironment"], "") or "again" for e in _order(queue)]
        for queue in aws.batch.describe_job_queues()["jobQueues"][:1]
    } | {"unused": sorted(types.values())}


def _order(queue: Any) -> list[Any]:
    return sorted(queue["computeEnvironmentOrder"], key=lambda entry: entry["order"])


def remove(aws: Clients, *parts: str) -> None:
    executor = AwsExecutor(Tools.of(aws, "photos"))
    for part in parts:
        executor.removal(Removal(names.stack("photos", part)))


def outputs(aws: Clients, part: str) -> dict[str, str]:
    """The outputs of one of the project's stacks."""
    (stack,) = aws.cloudformation.describe_stacks(StackName=names.stack("photos", part))["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def definition(aws: Clients, lane: str = "upload") -> Any:
    """The one active revision."""
    (found,) = [
        each
        for each in aws.batch.describe_job_definitions(jobDefinitionName=f"photos-{lane}")["jobDefinitions"]
        if each["status"] == "ACTIVE"
    ]
    return found


def test_from_fargate_to_ec2_and_back_no_queue_is_ever_without_an_environment(aws: Clients) -> None:
    # moto refuses to delete an environment that a queue has, as AWS does: the order is part of the test.
    expected = {
        "fargate-spot": ["FARGATE_SPOT", "FARGATE"],
        "ec2-spot": ["SPOT", "EC2"],
        "fargate": ["FARGATE"],
    }
    for compute in ("fargate-spot", "ec2-spot", "fargate"):
        deploy(photos(tasks=2, compute=compute), aws)
        found = kinds(aws)
        assert found.pop("unused") == []
        assert list(found.values()) == [expected[compute]]
        assert definition(aws)["revision"] >= 1


def test_changed_memory_is_a_new_revision_and_the_old_one_is_retired(aws: Clients) -> None:
    deploy(photos(tasks=2), aws)
    deploy(computing(photos(tasks=2), memory=Memory(4096)), aws)
    found = definition(aws)
    assert found["revision"] == 2
    requirements = found["containerProperties"]["resourceRequirements"]
    assert {each["type"]: each["value"] for each in requirements}["MEMORY"] == "4096"


def test_another_architecture_reaches_jobs_and_instances(aws: Clients) -> None:
    deploy(computing(photos(tasks=2), architecture="arm64"), aws)
    platform = definition(aws)["containerProperties"]["runtimePlatform"]
    assert platform == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"}


def test_a_new_variant_changes_the_rule_alone(aws: Clients) -> None:
    deploy(photos(tasks=2), aws)
    deploy(photos(tasks=3), aws)
    assert definition(aws)["revision"] == 1
    (target,) = aws.events.list_targets_by_rule(Rule="photos-upload-accepted")["Targets"]
    assert target["BatchParameters"]["ArrayProperties"] == {"Size": 3}


def test_jobs_move_to_given_subnets_and_the_network_that_was_made_goes(aws: Clients) -> None:
    deploy(photos(tasks=2), aws)
    vpc = aws.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    group = aws.ec2.create_security_group(VpcId=vpc, GroupName="jobs", Description="x")["GroupId"]
    network = Network(subnets=(subnet,), security_groups=(group,))
    deploy(dataclasses.replace(photos(tasks=2), network=network), aws)
    environments = aws.batch.describe_compute_environments()["computeEnvironments"]
    assert {tuple(each["computeResources"]["subnets"]) for each in environments} == {(subnet,)}
    left = [stack["StackName"] for stack in aws.cloudformation.describe_stacks()["Stacks"]]
    assert sorted(left) == ["photos-compute", "photos-rules", "photos-schedule", "photos-storage"]
    assert not [v for v in aws.ec2.describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.83.0.0/16"]


def test_another_way_out_is_another_route_in_the_same_place(aws: Clients) -> None:
    executor = AwsExecutor(Tools.of(aws, "photos"))
    for egress, key in (("public-ip", "GatewayId"), ("nat", "NatGatewayId"), ("public-ip", "GatewayId")):
        network = Network(egress=egress)  # type: ignore[arg-type]
        steps = plan(dataclasses.replace(photos(tasks=2), network=network), SITE, Code(b"")).steps
        executor.stack(next(step for step in steps if isinstance(step, Stack)))
        assert way_out(aws).get(key)
        states = {each["State"] for each in aws.ec2.describe_nat_gateways()["NatGateways"]}
        assert ("available" in states) is (egress == "nat")


def way_out(aws: Clients) -> Any:
    """The default route of the jobs, whose table is the one with gateway endpoints."""
    tables = [table["Routes"] for table in aws.ec2.describe_route_tables()["RouteTables"]]
    (routes,) = [each for each in tables if any("DestinationPrefixListId" in route for route in each)]
    (out,) = [route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    return out


def test_a_key_of_the_project_s_own_encrypts_everything_that_is_kept(aws: Clients) -> None:
    deploy(dataclasses.replace(photos(tasks=2), storage=Storage(kms_key="create")), aws)
    made = outputs(aws, "storage")
    (rule,) = aws.s3.get_bucket_encryption(Bucket="photos-originals")["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == made["KmsKeyArn"]
    topic = aws.sns.get_topic_attributes(TopicArn=made["TopicArn"])["Attributes"]
    assert topic["KmsMasterKeyId"] == made["KmsKeyArn"]


def test_a_bucket_that_there_is_already_is_used_and_not_made(aws: Clients) -> None:
    aws.s3.create_bucket(Bucket="photos-originals")
    project = photos(tasks=2)
    upload = msgspec.structs.replace(project.upload, create=False)
    assert deploy(dataclasses.replace(project, upload=upload), aws)["UploadBucket"] == "photos-originals"
    resources = aws.cloudformation.describe_stack_resources(StackName="photos-storage")["StackResources"]
    made = {resource.get("LogicalResourceId") for resource in resources}
    assert {"OutputBucket", "ArtifactsBucket"} <= made
    assert "UploadBucket" not in made


def test_what_is_removed_is_gone_and_what_is_kept_is_kept(aws: Clients) -> None:
    deploy(photos(tasks=2, compute="ec2-spot"), aws)
    aws.s3.put_object(Bucket="photos-originals", Key="a.jpg", Body=b"x")
    remove(aws, *PARTS)
    assert aws.batch.describe_job_queues()["jobQueues"] == []
    assert aws.batch.describe_compute_environments()["computeEnvironments"] == []
    assert [d["status"] for d in aws.batch.describe_job_definitions()["jobDefinitions"]] == ["INACTIVE"] * 3
    assert aws.events.list_rules()["Rules"] == []
    assert aws.functions.list_functions()["Functions"] == []
    assert not [v for v in aws.ec2.describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.83.0.0/16"]
    assert aws.s3.get_object(Bucket="photos-originals", Key="a.jpg")["Body"].read() == b"x"
    assert aws.dynamodb.describe_table(TableName="photos-ledger")["Table"]["TableStatus"] == "ACTIVE"


def test_rules_and_compute_are_made_anew_over_what_was_kept(aws: Clients) -> None:
    deploy(photos(tasks=2), aws)
    remove(aws, "rules", "schedule", "compute")
    assert deploy(photos(tasks=2), aws)["UploadQueueArn"].endswith(":job-queue/photos-upload")
