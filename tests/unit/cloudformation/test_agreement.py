"""Templates and code, held against each other in both directions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.cloud import ROOT
from support.templates import PATHS, everywhere, of_type, strings, template, variables

from batchkit import errors, resources
from batchkit.aws import ledger, run_ledger
from batchkit.deploy.steps import COMPUTE, RULES, SCHEDULE, STORAGE
from batchkit.entry import handlers, worker
from batchkit.planning import metrics, names, uploads
from batchkit.project.check import BUCKET
from batchkit.project.tables import NAME
from batchkit.runs import operations, orders
from batchkit.worker import assignment

PROJECT = "${Project}"
# The second copy of an upload's key, which no one reads (docs/decisions/0005-upload-patterns.md).
UNREAD = {"BATCHKIT_KEY"}
# Variables of the command line, of builds and of tests.
NOT_DEPLOYED = {
    "BATCHKIT_BASE_IMAGE",
    "BATCHKIT_COMPILER_IMAGE",
    "BATCHKIT_CONFIG",
    "BATCHKIT_DEBUG",
    "BATCHKIT_REVISION",
}

DEFINITIONS = everywhere("AWS::Batch::JobDefinition")
FUNCTIONS = everywhere("AWS::Lambda::Function")


def definition(lane: str) -> dict[str, Any]:
    (found,) = [
        d for d in DEFINITIONS.values() if d["JobDefinitionName"] == {"Sub": names.queue(PROJECT, lane)}
    ]
    return found


@pytest.mark.parametrize("lane", ["upload", "bulk", "operations"])
def test_what_the_worker_exits_with_to_be_retried_is_what_is_retried(lane: str) -> None:
    strategy = definition(lane)["RetryStrategy"]
    assert strategy["EvaluateOnExit"] == [
        {"OnStatusReason": "Host EC2*", "Action": "RETRY"},
        {"OnStatusReason": "Your Spot Task was interrupted*", "Action": "RETRY"},
        {"OnStatusReason": "Task failed to start*", "Action": "RETRY"},
        {"OnExitCode": str(errors.EX_TEMPFAIL), "Action": "RETRY"},
        {"OnReason": "*", "Action": "EXIT"},
    ]
    assert 1 < strategy["Attempts"] <= 10
    retried = {rule["OnExitCode"] for rule in strategy["EvaluateOnExit"] if "OnExitCode" in rule}
    kinds = errors.BatchkitError.__subclasses__()
    temporary = {
        str(kind.exit_code) for kind in kinds if issubclass(kind, errors.Interrupted | errors.Throttled)
    }
    assert temporary == retried


@pytest.mark.parametrize(("lane", "words"), [("upload", assignment.UPLOAD), ("bulk", assignment.BULK)])
def test_a_job_s_command_is_what_the_worker_reads(lane: str, words: tuple[str, ...]) -> None:
    assert definition(lane)["ContainerProperties"]["Command"] == [lane, *(f"Ref::{word}" for word in words)]


def test_the_operations_job_gets_the_command_and_the_environment_that_it_reads() -> None:
    container = definition("operations")["ContainerProperties"]
    assert container["Command"] == [operations.COMMAND, *(f"Ref::{name}" for name in operations.ARGUMENTS)]
    assert container["Command"][:1] == worker.OPERATIONS
    given = {pair["Name"]: "1" for pair in container["Environment"]}
    errand = operations.read(["operate", '{"do": "sweep"}', "2026-11-24T03:00:00Z"], given)
    assert (errand.document, errand.artifacts, errand.table) == ("1", "1", "1")


def test_a_sweep_names_the_parameters_of_the_operations_job_and_is_an_order_of_its_own() -> None:
    (sweep,) = of_type(SCHEDULE, "AWS::Scheduler::Schedule").values()
    default = template(SCHEDULE)["Parameters"]["SweepOrder"]["Default"]
    written = sweep["Target"]["Input"]["Sub"].replace("${SweepOrder}", default)
    parameters = json.loads(written)["Parameters"]
    assert tuple(parameters) == operations.ARGUMENTS
    assert orders.parse(parameters["order"]) == orders.Sweep()
    assert parameters["time"] == "<aws.scheduler.scheduled-time>"


def test_the_rule_gives_an_upload_s_job_all_its_parameters_and_no_other() -> None:
    for rule in accepting():
        (target,) = rule["Targets"]
        written = target["InputTransformer"]["InputTemplate"]["Sub"].replace("${Recipe}", "f" * 64)
        found = json.loads(re.sub(r'"?<(\w+)>"?', r'"\1"', written))
        assert set(found["Parameters"]) == set(assignment.UPLOAD)
        assert {v["Name"] for v in found["ContainerOverrides"]["Environment"]} == UNREAD


def accepting() -> list[dict[str, Any]]:
    rules = of_type(RULES, "AWS::Events::Rule").items()
    return [rule for name, rule in rules if name.startswith("UploadAccepted")]


def test_every_rule_that_accepts_uploads_does_the_same() -> None:
    def deed(rule: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in rule.items() if key not in {"Name", "EventPattern"}}

    assert len(accepting()) == uploads.MAX_ACCEPTING
    assert [deed(rule) for rule in accepting()] == [deed(accepting()[0])] * uploads.MAX_ACCEPTING
    numbers = ["", *(str(number) for number in range(2, uploads.MAX_ACCEPTING + 1))]
    assert [rule["EventPattern"]["Ref"] for rule in accepting()] == [f"AcceptedUploads{n}" for n in numbers]
    named = [rule["Name"]["Sub"] for rule in accepting()]
    assert named == [f"{PROJECT}-upload-accepted" + (f"-{n}" if n else "") for n in numbers]


def test_no_target_overrides_the_retries_of_a_job_definition() -> None:
    for rule in everywhere("AWS::Events::Rule").values():
        for target in rule["Targets"]:
            assert "RetryStrategy" not in target.get("BatchParameters", {})


def test_the_operations_job_runs_where_and_how_children_run() -> None:
    operating, bulk = (definition(lane)["ContainerProperties"] for lane in ("operations", "bulk"))
    for name in ("Image", "User", "NetworkConfiguration", "RuntimePlatform"):
        assert operating[name] == bulk[name]
    assert definition("operations")["PlatformCapabilities"] == definition("bulk")["PlatformCapabilities"]


def test_every_variable_that_is_set_is_read_and_every_one_that_is_read_is_set() -> None:
    deployed = set().union(*(variables(path) for path in PATHS))
    sources = [path.read_text() for path in Path(resources.__file__).parent.rglob("*.py")]
    read = set(re.findall(r'"(BATCHKIT_[A-Z_]+)"', "\n".join(sources)))
    assert deployed - UNREAD == read - NOT_DEPLOYED


@pytest.mark.parametrize("lane", ["upload", "bulk"])
def test_a_job_has_the_environment_that_the_worker_reads(lane: str) -> None:
    given = {pair["Name"]: "1" for pair in definition(lane)["ContainerProperties"]["Environment"]}
    template_of_keys = {**given, "BATCHKIT_OUTPUT_KEY": "{dir}/{stem}/{task}.{ext}"}
    assert assignment.read_place(template_of_keys).ledger == "1"
    assert not [name for name in given if name.startswith("AWS_BATCH")]
    assert (handlers.UPLOADS in given) is (lane == "upload")


def test_functions_have_the_environment_that_their_handlers_read() -> None:
    given = {name.partition(":")[2]: set(f["Environment"]["Variables"]) for name, f in FUNCTIONS.items()}
    common = {handlers.PROJECT, handlers.LEDGER}
    assert given == {
        "CompletionHandler": common | {handlers.ARTIFACTS, metrics.VARIABLE},
        "RejectedUploadHandler": common | {handlers.RECIPE, handlers.UPLOADS},
        "WaitingHandler": {handlers.PROJECT},
        "GalleryHandler": common | {handlers.ARTIFACTS, handlers.OUTPUT},
    }


def test_every_function_has_its_handler_and_every_handler_its_function() -> None:
    called = {function["Handler"] for function in FUNCTIONS.values()}
    there = {f"{path.stem}.handler" for path in (ROOT / "eventbridge/handlers").glob("*.py")}
    assert called == there
    for handler in called:
        source = (ROOT / f"eventbridge/handlers/{handler.partition('.')[0]}.py").read_text()
        assert "def handler(event: " in source


def test_the_ledger_has_the_keys_and_the_index_that_the_code_uses_and_no_other() -> None:
    (table,) = of_type(STORAGE, "AWS::DynamoDB::Table").values()
    (index,) = table["GlobalSecondaryIndexes"]
    keys = [[key["AttributeName"] for key in part["KeySchema"]] for part in (table, index)]
    assert keys == [["pk", "sk"], ["index_pk", "index_sk"]]
    assert index["IndexName"] == ledger.INDEX
    assert {each["AttributeName"] for each in table["AttributeDefinitions"]} == {*keys[0], *keys[1]}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    code = "".join(Path(module.__file__ or "").read_text() for module in (ledger, run_ledger))
    for name in (*keys[0], *keys[1], "expires"):
        assert f'"{name}"' in code or f"{name}=" in code or f"{name} " in code


def test_names_that_the_code_builds_are_the_names_in_the_templates() -> None:
    queues = {q["JobQueueName"]["Sub"] for q in of_type(COMPUTE, "AWS::Batch::JobQueue").values()}
    assert queues == {names.queue(PROJECT, lane) for lane in ("upload", "bulk")}
    definitions = {
        d["JobDefinitionName"]["Sub"] for d in of_type(COMPUTE, "AWS::Batch::JobDefinition").values()
    }
    assert definitions == queues
    groups = [group["LogGroupName"]["Sub"] for group in of_type(COMPUTE, "AWS::Logs::LogGroup").values()]
    assert groups == [names.worker_logs(PROJECT)]
    (images,) = of_type(STORAGE, "AWS::ECR::Repository").values()
    assert images["RepositoryName"] == {"Sub": names.image_repository(PROJECT)}


def test_what_a_rule_watches_and_starts_are_the_queues_and_definitions_that_there_are() -> None:
    mentioned = set(re.findall(r":job-queue/(\$\{Project\}-[a-z-]+)", json.dumps(template(RULES))))
    assert mentioned == {names.queue(PROJECT, lane) for lane in ("upload", "bulk")}
    started = set(re.findall(r":job-definition/(\$\{Project\}-[a-z-]+)", json.dumps(template(RULES))))
    assert started == {names.queue(PROJECT, "upload"), names.queue(PROJECT, "operations")}
    for rule in accepting():
        (target,) = rule["Targets"]
        assert target["BatchParameters"]["JobDefinition"] == {"Sub": names.queue(PROJECT, "upload")}


def test_the_templates_take_the_names_that_batchkit_toml_takes() -> None:
    for path in PATHS:
        parameters = template(path)["Parameters"]
        pattern = parameters["Project"]["AllowedPattern"]
        assert re.fullmatch(pattern, "a" * 31)
        assert re.match(NAME, "a" * 31)
        for name, parameter in parameters.items():
            if name.endswith("BucketName"):
                assert parameter["AllowedPattern"] == BUCKET.pattern


def test_every_name_of_another_stack_s_resource_is_one_that_a_stack_has() -> None:
    made = {
        value["Sub"]
        for path in PATHS
        for resource in template(path)["Resources"].values()
        for key, value in resource.get("Properties", {}).items()
        if key.endswith("Name") and isinstance(value, dict) and "Sub" in value
    }
    texts = [text for path in PATHS for text in strings(template(path)["Resources"])]
    named = {
        found for text in texts for found in re.findall(r"(?:sqs|sns):.*:(\$\{Project\}-[a-z-]+)$", text)
    }
    assert named <= made
