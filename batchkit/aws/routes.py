"""How subnets reach AWS: through an internet gateway, a NAT gateway, or VPC endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import SubnetTypeDef

ANYWHERE = "0.0.0.0/0"

# What a container needs to start, and the worker to work (Amazon ECS Developer Guide, "VPC endpoints");
# batch is the operations job's, which asks what became of runs.
NEEDED = frozenset({"batch", "dynamodb", "ecr.api", "ecr.dkr", "logs", "s3"})

# The agent of an instance talks to ECS itself (the same page); on Fargate that is AWS's business.
NEEDED_BY_INSTANCES = NEEDED | {"ecs", "ecs-agent", "ecs-telemetry"}

# Their gateway endpoints are routes, which hold for the route tables that they were added to.
ROUTED = frozenset({"dynamodb", "s3"})


@dataclass(frozen=True)
class Exit:
    """A subnet's way out: by which kind of gateway, and, without one, which endpoints it lacks.

    `addresses`: whether instances launched in it get a public address.
    """

    subnet: str
    way: Literal["internet", "nat", "none"]
    target: str
    missing: frozenset[str] = frozenset()
    addresses: bool = False


def exits(client: EC2Client, subnets: Iterable[str], needed: frozenset[str] = NEEDED) -> Iterator[Exit]:
    """The way out of each subnet, for jobs that need these endpoints where there is no gateway.

    Raises ConfigError for a subnet that is not there.
    """
    ids = list(subnets)
    with translated("looking at the subnets and their routes"):
        found = _subnets(client, ids)
        vpcs = sorted({subnet["VpcId"] for subnet in found})
        filters: Any = [{"Name": "vpc-id", "Values": vpcs}]
        tables = client.describe_route_tables(Filters=filters)["RouteTables"]
        endpoints = client.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    for subnet in found:
        table = _table(tables, subnet["SubnetId"], subnet["VpcId"])
        local = [one for one in endpoints if one["VpcId"] == subnet["VpcId"]]
        yield _exit(subnet, table, needed - set(_served(local, table.get("RouteTableId", ""))))


def _served(endpoints: Iterable[Mapping[str, Any]], table: str) -> Iterator[str]:
    """The services whose endpoints work for a subnet with this route table."""
    for one in endpoints:
        service = str(one["ServiceName"]).split(".", 3)[-1]
        routed = one.get("VpcEndpointType") == "Gateway" and table in one.get("RouteTableIds", ())
        # The API's reference writes "Available", its answers "available".
        if str(one.get("State")).lower() == "available" and (routed or service not in ROUTED):
            yield service


def _subnets(client: EC2Client, ids: list[str]) -> list[SubnetTypeDef]:
    try:
        return client.describe_subnets(SubnetIds=ids)["Subnets"]
    except boto.ClientError as error:
        if code(error) != "InvalidSubnetID.NotFound":
            raise
        raise ConfigError(
            "a subnet of [network] is not there",
            found=error.response["Error"]["Message"],
            fix="correct the id, or the region",
        ) from error


def _exit(subnet: Mapping[str, Any], table: Mapping[str, Any], missing: frozenset[str]) -> Exit:
    name, addresses = subnet["SubnetId"], bool(subnet.get("MapPublicIpOnLaunch"))
    for route in table.get("Routes", ()):
        if route.get("DestinationCidrBlock") == ANYWHERE and route.get("State") != "blackhole":
            if "NatGatewayId" in route:
                return Exit(name, "nat", route["NatGatewayId"])
            gateway = str(route.get("GatewayId", ""))
            if gateway.startswith("igw-"):
                return Exit(name, "internet", gateway, addresses=addresses)
            return Exit(
                name, "nat", next((str(v) for k, v in route.items() if k.endswith("Id")), "a gateway")
            )
    return Exit(name, "none", "", missing)


def _table(tables: Iterable[Mapping[str, Any]], subnet: str, vpc: str) -> Mapping[str, Any]:
    """The subnet's own route table, else its VPC's main one."""
    main: Mapping[str, Any] = {}
    for table in tables:
        for association in table.get("Associations", ()):
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main") and table["VpcId"] == vpc:
                main = table
    return main
