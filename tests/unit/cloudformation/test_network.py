"""network.yaml: no way in, one way out."""

from __future__ import annotations

from typing import Any

import pytest
from support.cloud import cloud
from support.templates import listed, of_type, template, text

from batchkit.deploy.executor import AwsExecutor
from batchkit.deploy.steps import NETWORK, Stack
from batchkit.deploy.tools import Tools

ANYWHERE = "0.0.0.0/0"
# What jobs on Fargate cannot do without in a network without internet, what a sweep asks, what EC2 adds.
ALWAYS = {"s3", "dynamodb"}
FARGATE = {"ecr.api", "ecr.dkr", "logs"}
SWEEP = {"batch"}
EC2 = {"ecs", "ecs-agent", "ecs-telemetry"}


def made(**parameters: str) -> dict[str, Any]:
    """A network on moto: its services, routes, subnets and security groups."""
    with cloud() as clients:
        given = {"Project": "photos", **parameters}
        AwsExecutor(Tools.of(clients, "photos")).stack(Stack("n", NETWORK, text(NETWORK), given))
        return read(clients.ec2)


def read(ec2: Any) -> dict[str, Any]:
    (vpc,) = [each for each in ec2.describe_vpcs()["Vpcs"] if each["CidrBlock"].startswith("10.83.")]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    return {
        "services": {each["ServiceName"].removeprefix("com.amazonaws.us-east-1.") for each in endpoints},
        "subnets": ec2.describe_subnets(Filters=inside)["Subnets"],
        "nat": ec2.describe_nat_gateways(Filters=inside)["NatGateways"],
        "out": [
            route
            for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]
            for route in table["Routes"]
            if route.get("DestinationCidrBlock") == ANYWHERE
        ],
    }


def test_by_default_jobs_have_addresses_of_their_own_and_nothing_stands_by() -> None:
    found = made()
    assert found["services"] == ALWAYS
    assert found["nat"] == []
    assert [subnet["MapPublicIpOnLaunch"] for subnet in found["subnets"]] == [True, True]
    (out,) = found["out"]
    assert out["GatewayId"].startswith("igw-")


def test_behind_nat_jobs_have_no_addresses() -> None:
    found = made(Egress="nat")
    assert found["services"] == ALWAYS
    assert len(found["nat"]) == 1
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in found["subnets"])
    assert sorted(next(iter({"NatGatewayId", "GatewayId"} & set(route))) for route in found["out"]) == [
        "GatewayId",
        "NatGatewayId",
    ]


@pytest.mark.parametrize(
    ("compute", "services"),
    [("fargate", ALWAYS | FARGATE | SWEEP), ("ec2-spot", ALWAYS | FARGATE | SWEEP | EC2)],
)
def test_with_endpoints_there_is_no_internet_and_all_that_jobs_call(compute: str, services: set[str]) -> None:
    found = made(Egress="endpoints", ComputeType=compute)
    assert found["services"] == services
    assert found["out"] == []
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in found["subnets"])


@pytest.mark.parametrize("zones", [2, 3])
def test_there_is_a_subnet_in_each_zone_and_they_do_not_overlap(zones: int) -> None:
    subnets = made(Zones=str(zones))["subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == len(subnets) == zones
    assert {s["CidrBlock"] for s in subnets} == {f"10.83.{64 * n}.0/18" for n in range(zones)}


def test_nothing_gets_in_and_only_https_gets_out() -> None:
    jobs = of_type(NETWORK, "AWS::EC2::SecurityGroup")["JobsSecurityGroup"]
    assert "SecurityGroupIngress" not in jobs
    (out,) = jobs["SecurityGroupEgress"]
    assert (out["FromPort"], out["ToPort"], out["CidrIp"]) == (443, 443, ANYWHERE)


def test_endpoints_answer_jobs_alone() -> None:
    group = of_type(NETWORK, "AWS::EC2::SecurityGroup")["EndpointsSecurityGroup"]
    (into,) = group["SecurityGroupIngress"]
    assert (into["FromPort"], into["ToPort"]) == (443, 443)
    assert into["SourceSecurityGroupId"] == {"Ref": "JobsSecurityGroup"}
    endpoints = of_type(NETWORK, "AWS::EC2::VPCEndpoint").values()
    for endpoint in endpoints:
        if endpoint["VpcEndpointType"] == "Interface":
            assert endpoint["SecurityGroupIds"] == [{"Ref": "EndpointsSecurityGroup"}]
            assert endpoint["PrivateDnsEnabled"] is True
            assert len(listed(endpoint["SubnetIds"])) == 3


def test_a_table_never_has_two_routes_to_one_place_even_while_egress_changes() -> None:
    # CloudFormation makes the new before it removes the old.
    routes = of_type(NETWORK, "AWS::EC2::Route").values()
    places = [(route["RouteTableId"]["Ref"], route["DestinationCidrBlock"]) for route in routes]
    assert len(set(places)) == len(places)


def test_what_costs_by_the_hour_is_made_on_request_only() -> None:
    by_the_hour = [
        resource
        for resource in template(NETWORK)["Resources"].values()
        if resource["Type"] in {"AWS::EC2::NatGateway", "AWS::EC2::EIP"}
        or resource.get("Properties", {}).get("VpcEndpointType") == "Interface"
    ]
    assert len(by_the_hour) == 9
    assert {resource["Condition"] for resource in by_the_hour} == {"Nat", "Endpoints", "EndpointsForEc2"}
