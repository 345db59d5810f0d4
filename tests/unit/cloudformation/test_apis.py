"""What CloudFormation makes of the templates, against the services' own models."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
import msgspec
import pytest
from botocore.validate import ParamValidator
from support.projects import photos

from batchkit.deploy import plan, steps
from batchkit.deploy.code import Code
from batchkit.deploy.template import Template
from batchkit.planning.resources import FARGATE_MEMORY
from batchkit.project.tables import Alarms, Schedule, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.deploy.template import Resource
    from batchkit.project import Project

# The call behind a resource type, and the properties that CloudFormation keeps to itself.
CALLS: dict[str, tuple[str, str, set[str]]] = {
    "AWS::Batch::ComputeEnvironment": (
        "batch",
        "CreateComputeEnvironment",
        {"ReplaceComputeEnvironment", "UpdatePolicy", "UpdateToLatestImageVersion"},
    ),
    "AWS::Batch::JobQueue": ("batch", "CreateJobQueue", set()),
    "AWS::Batch::JobDefinition": ("batch", "RegisterJobDefinition", {"ResourceRetentionPolicy"}),
    "AWS::Scheduler::Schedule": ("scheduler", "CreateSchedule", set()),
}
# Names that CloudFormation makes up, where the templates give none.
MADE_UP = {"computeEnvironmentName": "x"}
SITE = steps.Site("123456789012", "us-east-1", "worker:1")
PSEUDO = {"AWS::Region": "us-east-1", "AWS::AccountId": "1" * 12, "AWS::Partition": "aws"}


def projects() -> Iterator[Project]:
    for compute, architecture in (("ec2-spot", "arm64"), ("fargate-spot", "arm64"), ("fargate", "x86-64")):
        project = photos(tasks=2, compute=compute)
        yield dataclasses.replace(
            project,
            compute=msgspec.structs.replace(project.compute, architecture=architecture),
            storage=Storage(kms_key="create"),
            schedule=Schedule(sweep="rate(1 day)"),
            alarms=Alarms(),
        )


@cache
def resources() -> list[tuple[Mapping[str, Any], Resource]]:
    """The parameters of each stack of each project that has any of CALLS, with its resources."""
    wanted = (steps.COMPUTE, steps.SCHEDULE, steps.OBSERVABILITY)
    return [
        (step.texts, resource)
        for project in projects()
        for step in plan.plan(project, SITE, Code(b"")).steps
        if isinstance(step, steps.Stack) and step.path in wanted
        for resource in Template(step.template, step.texts, PSEUDO).resources.values()
    ]


def asked(value: Any, shape: Any) -> Any:
    """A property as the call has it: names as the model spells them, what is not known yet as a text."""
    if shape is None or not hasattr(shape, "type_name"):
        return value
    if isinstance(value, dict) and set(value) & {"Ref", "Fn::GetAtt", "Fn::Sub"}:
        return "known-later"
    if shape.type_name == "structure" and isinstance(value, dict):
        # Batch begins its members with a small letter, Scheduler as CloudFormation does.
        spelt = {name[0].upper() + name[1:]: name for name in shape.members}
        names = {name: spelt.get(name, name) for name in value}
        return {names[name]: asked(part, shape.members.get(names[name])) for name, part in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [asked(part, shape.member) for part in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: asked(part, shape.value) for name, part in value.items()}
    return coerced(value, shape)


def coerced(value: Any, shape: Any) -> Any:
    if shape.type_name in {"integer", "long"}:
        return int(value)
    return json.dumps(value) if shape.type_name == "string" and isinstance(value, dict) else value


def enums(value: Any, shape: Any) -> Iterator[str]:
    """Values that the model does not list."""
    if shape.type_name == "structure":
        for name, part in value.items():
            yield from enums(part, shape.members[name])
    elif shape.type_name == "list":
        for part in value:
            yield from enums(part, shape.member)
    elif getattr(shape, "enum", None) and str(value).upper() not in {e.upper() for e in shape.enum}:
        yield f"{shape.name}: {value}"


@pytest.mark.parametrize("kind", CALLS)
def test_every_property_is_a_member_of_the_call_and_of_its_type(kind: str) -> None:
    service, operation, own = CALLS[kind]
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    seen = 0
    for _, resource in resources():
        if resource.kind != kind:
            continue
        given = {name: value for name, value in resource.properties.items() if name not in own}
        inner = given.get("ComputeResources", {})
        if inner:
            given["ComputeResources"] = {name: part for name, part in inner.items() if name not in own}
        call = asked(given, shape)
        call |= {name: text for name, text in MADE_UP.items() if name in shape.members and name not in call}
        report = ParamValidator().validate(call, shape)
        assert not report.has_errors(), f"{resource.logical_id}: {report.generate_report()}"
        assert list(enums(call, shape)) == []
        seen += 1
    assert seen


def test_every_job_on_fargate_has_a_size_that_fargate_sells() -> None:
    sizes = set()
    for parameters, resource in resources():
        if resource.kind == "AWS::Batch::JobDefinition" and parameters["ComputeType"] != "ec2-spot":
            wanted = resource.properties["ContainerProperties"]["ResourceRequirements"]
            size = {each["Type"]: float(each["Value"]) for each in wanted}
            sizes.add((resource.logical_id, int(size["MEMORY"]) in FARGATE_MEMORY[size["VCPU"]]))
    assert sizes == {(name, True) for name, _ in sizes}
    assert len(sizes) == 3


def test_everything_of_a_job_that_only_fargate_has_is_there_on_fargate_only() -> None:
    for parameters, resource in resources():
        if resource.kind == "AWS::Batch::JobDefinition":
            on_fargate = parameters["ComputeType"] != "ec2-spot"
            container = resource.properties["ContainerProperties"]
            assert ("NetworkConfiguration" in container) is on_fargate
            assert ("RuntimePlatform" in container) is on_fargate
            assert resource.properties["PlatformCapabilities"] == ["FARGATE" if on_fargate else "EC2"]
