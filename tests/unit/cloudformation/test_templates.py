"""The templates: valid for AWS, and of one mind with the code."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import chain
from typing import Any

import boto3
import cfnlint
import pytest
import yaml
from support.cloud import cloud
from support.projects import deployed, photos

from batchkit import errors, resources
from batchkit.aws import ledger
from batchkit.deploy.plan import COMPUTE, NETWORK, OBSERVABILITY, RULES, SCHEDULE, STORAGE
from batchkit.entry import handlers, worker
from batchkit.planning import metrics, names
from batchkit.planning.uploads import UploadRules
from batchkit.project.model import Output
from batchkit.runs import operations, orders
from batchkit.worker import assignment

LAMBDA = "AWS::Lambda::Function"

# Service Authorization Reference: these actions support no resource.
WITHOUT_RESOURCE = (["ecr:GetAuthorizationToken"], ["batch:ListJobs"], ["batch:DescribeJobs"])

TEMPLATES = (NETWORK, STORAGE, COMPUTE, SCHEDULE, RULES, OBSERVABILITY)


class Tolerant(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": "x"} and so on."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


Tolerant.add_multi_constructor("!", _intrinsic)


def template(path: str) -> dict[str, Any]:
    return dict(yaml.load(resources.path(path).read_text(), Tolerant))  # noqa: S506  the loader is a safe one


def of_type(path: str, kind: str) -> dict[str, dict[str, Any]]:
    found = template(path)["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


@pytest.mark.parametrize("path", TEMPLATES)
def test_cfn_lint_finds_nothing(path: str) -> None:
    options = cfnlint.ManualArgs(include_checks=["I"], ignore_checks=["I3042"])
    found = cfnlint.lint_file(resources.path(path), config=options)
    assert [str(match) for match in found] == []


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_parameter_and_output_says_what_it_is(path: str) -> None:
    whole = template(path)
    for entry in (*whole["Parameters"].values(), *whole["Outputs"].values()):
        assert entry["Description"]


def test_data_outlives_its_stack() -> None:
    data = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")
    for resource in template(STORAGE)["Resources"].values():
        if resource["Type"] in data:
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_every_bucket_is_private_encrypted_and_speaks_tls_only() -> None:
    # moto's CloudFormation keeps the encryption of all this, and no policy: so the template is read.
    buckets = of_type(STORAGE, "AWS::S3::Bucket")
    policies = of_type(STORAGE, "AWS::S3::BucketPolicy").values()
    assert {policy["Bucket"]["Ref"] for policy in policies} == set(buckets)
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["LifecycleConfiguration"]["Rules"][0]["AbortIncompleteMultipartUpload"]
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Condition"]) == (
            "Deny",
            {"Bool": {"aws:SecureTransport": "false"}},
        )


def test_the_ledger_has_the_keys_and_the_index_that_the_code_uses() -> None:
    (table,) = of_type(STORAGE, "AWS::DynamoDB::Table").values()
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == ledger.INDEX
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["index_pk", "index_sk"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


@pytest.mark.parametrize("lane", ["upload", "bulk"])
def test_a_job_definition_gives_the_worker_the_command_that_it_reads(lane: str) -> None:
    expected = {"upload": assignment.UPLOAD, "bulk": assignment.BULK}[lane]
    command = definition(lane)["ContainerProperties"]["Command"]
    assert command == [lane, *(f"Ref::{name}" for name in expected)]


@pytest.mark.parametrize("lane", ["upload", "bulk"])
def test_a_job_definition_gives_the_worker_the_environment_that_it_reads(lane: str) -> None:
    given = {pair["Name"]: "1" for pair in definition(lane)["ContainerProperties"]["Environment"]}
    template_of_keys = {**given, "BATCHKIT_OUTPUT_KEY": "{dir}/{stem}/{task}.{ext}"}
    assert assignment.read_place(template_of_keys).ledger == "1"
    assert metrics.VARIABLE in given
    assert not [name for name in given if name.startswith("AWS_BATCH")]
    assert (handlers.UPLOADS in given) is (lane == "upload")


def test_the_operations_job_gets_the_command_and_the_environment_that_it_reads() -> None:
    container = definition("operations")["ContainerProperties"]
    assert container["Command"] == [operations.COMMAND, *(f"Ref::{name}" for name in operations.ARGUMENTS)]
    assert container["Command"][:1] == worker.OPERATIONS
    given = {pair["Name"]: "1" for pair in container["Environment"]}
    errand = operations.read(["operate", '{"do": "sweep"}', "2026-11-24T03:00:00Z"], given)
    assert (errand.document, errand.artifacts, errand.table) == ("1", "1", "1")


def test_the_operations_job_runs_where_and_how_children_run() -> None:
    operations_, bulk = (definition(lane)["ContainerProperties"] for lane in ("operations", "bulk"))
    for name in ("Image", "User", "NetworkConfiguration", "RuntimePlatform"):
        assert operations_[name] == bulk[name]
    assert definition("operations")["PlatformCapabilities"] == definition("bulk")["PlatformCapabilities"]


def test_a_sweep_names_the_parameters_of_the_operations_job_and_is_an_order_of_its_own() -> None:
    (sweep,) = of_type(SCHEDULE, "AWS::Scheduler::Schedule").values()
    default = template(SCHEDULE)["Parameters"]["SweepOrder"]["Default"]
    text = sweep["Target"]["Input"]["Sub"].replace("${SweepOrder}", default)
    parameters = json.loads(text)["Parameters"]
    assert tuple(parameters) == operations.ARGUMENTS
    assert orders.parse(parameters["order"]) == orders.Sweep()
    assert parameters["time"] == "<aws.scheduler.scheduled-time>"


def test_only_the_projects_own_group_of_schedules_may_use_the_schedulers_role() -> None:
    role = of_type(SCHEDULE, "AWS::IAM::Role")["SchedulerRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"] == {"GetAtt": "Group.Arn"}


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


@pytest.mark.parametrize("lane", ["upload", "bulk", "operations"])
def test_only_infrastructure_and_interruption_are_retried(lane: str) -> None:
    strategy = definition(lane)["RetryStrategy"]
    assert strategy["EvaluateOnExit"] == [
        {"OnStatusReason": "Host EC2*", "Action": "RETRY"},
        {"OnStatusReason": "Your Spot Task was interrupted*", "Action": "RETRY"},
        {"OnStatusReason": "Task failed to start*", "Action": "RETRY"},
        {"OnExitCode": str(errors.EX_TEMPFAIL), "Action": "RETRY"},
        {"OnReason": "*", "Action": "EXIT"},
    ]
    assert 1 < strategy["Attempts"] <= 10


@pytest.mark.parametrize("lane", ["upload", "bulk"])
def test_a_container_is_confined(lane: str) -> None:
    container = definition(lane)["ContainerProperties"]
    assert container["ReadonlyRootFilesystem"] is True
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", container["User"])
    assert "Privileged" not in container
    assert "AttemptDurationSeconds" in definition(lane)["Timeout"]


def test_uploads_go_before_bulk() -> None:
    priorities = {
        q["JobQueueName"]["Sub"]: q["Priority"] for q in of_type(COMPUTE, "AWS::Batch::JobQueue").values()
    }
    assert priorities["${Project}-upload"] > priorities["${Project}-bulk"]


@pytest.mark.parametrize("path", TEMPLATES)
def test_no_role_may_do_everything_or_touch_everything(path: str) -> None:
    for role in of_type(path, "AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = (
                    statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                )
                assert not [action for action in actions if "*" in action]
                assert statement["Resource"] != "*" or actions in WITHOUT_RESOURCE


def test_a_job_reads_and_writes_what_its_work_needs_and_no_more() -> None:
    roles = of_type(COMPUTE, "AWS::IAM::Role")
    (worker,), (start,) = roles["JobRole"]["Policies"], roles["ExecutionRole"]["Policies"]
    allowed = {each["Sid"]: each for each in worker["PolicyDocument"]["Statement"]}
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


def test_functions_get_the_environment_that_their_handlers_read() -> None:
    functions = {**of_type(RULES, LAMBDA), **of_type(OBSERVABILITY, LAMBDA)}
    given = {name: set(f["Environment"]["Variables"]) for name, f in functions.items()}
    common = {handlers.PROJECT, handlers.LEDGER}
    assert given == {
        "CompletionHandler": common | {handlers.ARTIFACTS, metrics.VARIABLE},
        "RejectedUploadHandler": common | {handlers.RECIPE, handlers.UPLOADS},
        "WaitingHandler": {handlers.PROJECT},
        "GalleryHandler": common | {handlers.ARTIFACTS, handlers.OUTPUT},
    }


def test_the_gallerys_function_may_write_its_own_files_and_nothing_else() -> None:
    (policy,) = of_type(RULES, "AWS::IAM::Role")["GalleryRole"]["Policies"]
    writing = [s for s in policy["PolicyDocument"]["Statement"] if "s3:PutObject" in s["Action"]]
    (statement,) = writing
    assert names.gallery_file("data/") in str(statement["Resource"])
    for key in (names.gallery_directory(), names.gallery_index("00"), names.gallery_shelf("0" * 32)):
        assert key.startswith(names.gallery_file("data/"))


def test_a_functions_handler_is_a_file_with_that_function() -> None:
    for function in chain(of_type(RULES, LAMBDA).values(), of_type(OBSERVABILITY, LAMBDA).values()):
        module, _, attribute = function["Handler"].partition(".")
        source = resources.path(f"eventbridge/handlers/{module}.py").read_text()
        assert f"def {attribute}(event: " in source


def test_no_target_overrides_the_retries_of_a_job_definition() -> None:
    (submit,) = of_type(RULES, "AWS::Events::Rule")["UploadAccepted"]["Targets"]
    assert "RetryStrategy" not in submit["BatchParameters"]


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
        for queue in clients.batch.describe_job_queues()["jobQueues"]:
            order = sorted(queue["computeEnvironmentOrder"], key=lambda entry: entry["order"])
            assert [kinds[entry["computeEnvironment"]] for entry in order] == types


def definition(lane: str) -> dict[str, Any]:
    definitions = [of_type(path, "AWS::Batch::JobDefinition").values() for path in (COMPUTE, SCHEDULE)]
    return next(
        properties
        for properties in chain(*definitions)
        if properties["JobDefinitionName"] == {"Sub": f"${{Project}}-{lane}"}
    )
