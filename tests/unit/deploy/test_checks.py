from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore import exceptions as boto
from msgspec import structs
from support.cloud import cloud
from support.projects import photos

from batchkit.aws.routes import NEEDED, NEEDED_BY_INSTANCES, ROUTED, exits
from batchkit.deploy import code
from batchkit.deploy.checks.checks import CHECKS, check, require
from batchkit.deploy.checks.result import Place, Result
from batchkit.deploy.plan import plan
from batchkit.deploy.steps import Site
from batchkit.deploy.tools import PROJECT_TAG
from batchkit.errors import ConfigError, PermissionDenied
from batchkit.project.tables import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients
    from batchkit.project import Project

MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}'


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


def results(aws: Any, name: str, project: Project | None = None) -> list[Result]:
    project = project or photos(2)
    where = Site("123456789012", "us-east-1", "123456789012.dkr.ecr.us-east-1.amazonaws.com/photos-worker:1")
    return list(CHECKS[name](Place(project, aws, where, plan(project, where, code.Code(b"zip")))))


def verdicts(found: list[Result]) -> list[str]:
    return [one.verdict for one in found]


def test_in_an_empty_account_all_names_are_free_and_the_image_is_missing(aws: Clients) -> None:
    assert set(verdicts(results(aws, "names"))) == {"ok"}
    assert verdicts(results(aws, "image")) == ["warning"]


def test_an_image_that_was_pushed_is_found(aws: Clients) -> None:
    aws.ecr.create_repository(repositoryName="photos-worker")
    aws.ecr.put_image(repositoryName="photos-worker", imageManifest=MANIFEST, imageTag="1")
    assert verdicts(results(aws, "image")) == ["ok"]


def test_a_bucket_that_batchkit_did_not_make_is_not_taken_over(aws: Clients) -> None:
    aws.s3.create_bucket(Bucket="photos-originals")
    (failed,) = [one for one in results(aws, "names") if one.verdict == "failed"]
    assert "photos-originals" in failed.found
    with pytest.raises(ConfigError, match="names"):
        require([failed])


def test_a_bucket_of_the_project_is_its_own_with_or_without_its_stack(aws: Clients) -> None:
    aws.s3.create_bucket(Bucket="photos-originals")
    tags = {"TagSet": [{"Key": PROJECT_TAG, "Value": "photos"}]}
    aws.s3.put_bucket_tagging(Bucket="photos-originals", Tagging=tags)  # type: ignore[arg-type]
    assert set(verdicts(results(aws, "names"))) == {"ok"}


def test_a_stack_of_that_name_that_is_somebody_else_s_is_left_alone(aws: Clients) -> None:
    template = "{Resources: {Topic: {Type: 'AWS::SNS::Topic'}}}"
    aws.cloudformation.create_stack(StackName="photos-storage", TemplateBody=template)
    failed = [one for one in results(aws, "names") if one.verdict == "failed"]
    assert ["photos-storage" in one.found for one in failed] == [True]


class Account:
    """An account with one value for all quotas, or with none that may be read."""

    def __init__(self, value: float | None) -> None:
        self._value = value

    @property
    def service_quotas(self) -> Account:
        return self

    def get_service_quota(self, **_: str) -> dict[str, Any]:
        if self._value is None:
            denied: Any = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
            raise boto.ClientError(denied, "GetServiceQuota")
        return {"Quota": {"Value": self._value}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1000, ["ok", "ok"]),
        (6, ["warning", "ok"]),
        (0, ["warning", "warning"]),
        (None, ["unknown", "unknown"]),
    ],
)
def test_quotas_are_compared_with_what_the_project_may_use(value: float | None, expected: list[str]) -> None:
    found = results(Account(value), "quotas")
    assert verdicts(found) == expected
    if value is None:
        assert "could not be read" in found[0].found


def test_a_check_that_aws_refuses_stops_nothing() -> None:
    class Closed:
        def __getattr__(self, service: str) -> Any:
            raise PermissionDenied("AWS refused", found="AccessDenied")

    project = photos(2)
    where = Site("1" * 12, "us-east-1", "worker:1")
    place = Place(project, cast("Any", Closed()), where, plan(project, where, code.Code(b"zip")))
    found = list(check(place))
    assert {one.verdict for one in found if one.check in {"names", "quotas"}} == {"unknown"}
    require(found)


def test_given_subnets_need_a_way_out(aws: Clients) -> None:
    vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = aws.ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    given = Network(subnets=(subnet,), security_groups=(group,), egress="public-ip")
    project = dataclasses.replace(photos(2), network=given)

    (closed,) = results(aws, "network", project)
    assert closed.verdict == "failed"
    assert "ecr.dkr" in closed.found

    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (table,) = aws.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    aws.ec2.create_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )
    (open_,) = results(aws, "network", project)
    assert open_.verdict == "ok"
    assert [found.way for found in exits(aws.ec2, [subnet])] == ["internet"]

    without = Network(subnets=(subnet,), security_groups=(group,), egress="nat")
    private = dataclasses.replace(project, network=without)
    (addressless,) = results(aws, "network", private)
    assert addressless.verdict == "failed"


def test_a_subnet_that_is_not_there_stops_the_deployment(aws: Clients) -> None:
    given = Network(subnets=("subnet-12345678",), security_groups=("sg-12345678",), egress="nat")
    project = dataclasses.replace(photos(2), network=given)
    with pytest.raises(ConfigError, match="is not there"):
        results(aws, "network", project)


def test_instances_have_the_addresses_that_their_subnet_gives(aws: Clients) -> None:
    vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (table,) = aws.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    aws.ec2.create_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )
    given = Network(subnets=(subnet,), security_groups=("sg-1",), egress="public-ip")
    project = dataclasses.replace(photos(2, "ec2-spot"), network=given)
    (addressless,) = results(aws, "network", project)
    assert addressless.verdict == "failed"
    assert "MapPublicIpOnLaunch" in addressless.fix

    aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert verdicts(results(aws, "network", project)) == ["ok"]


class Vpc:
    """EC2's answers for a VPC of one subnet without a gateway, and these endpoints."""

    def __init__(self, *endpoints: dict[str, Any]) -> None:
        self._endpoints = endpoints

    def describe_subnets(self, **_: Any) -> dict[str, Any]:
        return {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}

    def describe_route_tables(self, **_: Any) -> dict[str, Any]:
        main = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": True}]}
        return {"RouteTables": [main]}

    def describe_vpc_endpoints(self, **_: Any) -> dict[str, Any]:
        return {"VpcEndpoints": self._endpoints}


def endpoint(service: str, **other: Any) -> dict[str, Any]:
    kind = {"VpcEndpointType": "Interface"}
    if service in ROUTED:
        kind = {"VpcEndpointType": "Gateway", "RouteTableIds": ["rtb-1"]}  # type: ignore[dict-item]
    name = f"com.amazonaws.us-east-1.{service}"
    return {"ServiceName": name, "VpcId": "vpc-1", "State": "available", **kind, **other}


def missing(*endpoints: dict[str, Any], needed: frozenset[str] = NEEDED) -> set[str]:
    (found,) = exits(cast("Any", Vpc(*endpoints)), ["subnet-1"], needed)
    return set(found.missing)


def test_endpoints_count_where_they_work_for_the_subnet() -> None:
    assert missing(*map(endpoint, NEEDED)) == set()
    assert missing(*map(endpoint, NEEDED - {"batch"})) == {"batch"}
    rest = [endpoint(service) for service in NEEDED - {"s3", "logs"}]
    away = endpoint("s3", RouteTableIds=["rtb-2"])
    assert missing(*rest, away, endpoint("logs", State="pending")) == {"s3", "logs"}
    assert missing(*rest, endpoint("s3", VpcEndpointType="Interface"), endpoint("logs")) == {"s3"}


def test_instances_need_the_endpoints_of_ecs_too() -> None:
    agents = {"ecs", "ecs-agent", "ecs-telemetry"}
    assert missing(*map(endpoint, NEEDED), needed=NEEDED_BY_INSTANCES) == agents


class Deployed:
    """An account with the compute stack of a Fargate Spot project, whose bulk queue has these jobs."""

    def __init__(self, *jobs: str, status: str = "RUNNING", architecture: str = "x86-64") -> None:
        self._jobs, self._status, self._architecture = jobs, status, architecture
        self._operation = ""

    @property
    def cloudformation(self) -> Deployed:
        return self

    @property
    def batch(self) -> Deployed:
        return self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        values = {"ComputeType": "fargate-spot", "Architecture": self._architecture}
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
        stack = {"StackId": "arn:1", "StackName": StackName, "StackStatus": "CREATE_COMPLETE"}
        return {"Stacks": [{**stack, "Parameters": parameters, "CreationTime": datetime.now(UTC)}]}

    def get_paginator(self, operation: str) -> Deployed:
        self._operation = operation
        return self

    def paginate(self, jobStatus: str = "", **_: str) -> list[dict[str, Any]]:  # noqa: N803
        if self._operation == "list_jobs":
            jobs = self._jobs if jobStatus == self._status else ()
            return [{"jobSummaryList": [{"jobId": job} for job in jobs]}]
        queue = {"LogicalResourceId": "BulkQueue", "PhysicalResourceId": "arn:queue/photos-bulk"}
        return [{"StackResourceSummaries": [{**queue, "ResourceType": "AWS::Batch::JobQueue"}]}]


@pytest.mark.parametrize("status", ["RUNNABLE", "RUNNING"])
def test_the_kind_of_machines_is_not_changed_under_live_jobs(status: str) -> None:
    (failed,) = results(Deployed("job-1", status=status), "machines", photos(2, "ec2-spot"))
    assert failed.verdict == "failed"
    assert "photos-bulk" in failed.found
    assert "batchkit cancel" in failed.fix
    assert verdicts(results(Deployed("job-1", status=status), "machines")) == ["ok"]


def test_another_architecture_is_another_kind_of_machines() -> None:
    (failed,) = results(Deployed("job-1", architecture="arm64"), "machines")
    assert failed.verdict == "failed"
    assert "Architecture" in failed.found


def test_without_live_jobs_the_kind_of_machines_may_change() -> None:
    assert verdicts(results(Deployed("job-1", status="SUCCEEDED"), "machines", photos(2, "ec2-spot"))) == [
        "ok"
    ]


def test_a_project_that_is_not_deployed_has_no_jobs_to_strand(aws: Clients) -> None:
    assert verdicts(results(aws, "machines")) == ["ok"]


def put_wildcard_rules(aws: Clients, count: int) -> None:
    pattern = '{"source": ["aws.s3"], "detail": {"object": {"key": [{"wildcard": "a*b"}]}}}'
    for number in range(count):
        aws.events.put_rule(Name=f"other-{number}", EventPattern=pattern)


def test_rules_with_wildcards_must_fit_beside_those_of_others(aws: Clients) -> None:
    put_wildcard_rules(aws, 28)
    aws.events.put_rule(Name="plain", EventPattern='{"source": ["aws.s3"]}')
    aws.events.put_rule(Name="clock", ScheduleExpression="rate(1 hour)")
    (full,) = results(aws, "wildcards")
    assert (full.verdict, full.found) == (
        "ok",
        "rules with wildcards: 2 of the project, 28 of others, of 30 that the bus takes",
    )

    pattern = '{"source": ["aws.s3"], "detail": {"object": {"key": [{"wildcard": "uploads/*.jpg"}]}}}'
    for ours in ("photos-upload-accepted", "photos-upload-accepted-2", "photos-upload-rejected"):
        aws.events.put_rule(Name=ours, EventPattern=pattern)
    assert verdicts(results(aws, "wildcards")) == ["ok"]

    aws.events.put_rule(Name="photos-upload-upload-accepted", EventPattern=pattern)
    assert verdicts(results(aws, "wildcards")) == ["failed"]


def test_without_a_prefix_one_rule_has_wildcards(aws: Clients) -> None:
    project = photos(2)
    whole = dataclasses.replace(project, upload=structs.replace(project.upload, prefix=""))
    (found,) = results(aws, "wildcards", whole)
    assert "1 of the project" in found.found
