"""What a deployment costs a month while nothing happens: its resources, one by one, that have a price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from batchkit.planning.prices import PRICES, Price

# CloudWatch's always-free tier: ten alarms, three dashboards of an account.
FREE_TIER = frozenset({"alarm-month", "dashboard-month"})

HOURS = 730  # a month, as AWS's own calculator counts


@dataclass(frozen=True)
class IdleLine:
    """`quantity` of a resource with a price, USD a month in all. `may_be_free`: an account has some free."""

    resource: str
    what: str
    quantity: float
    monthly: float
    source: str
    date: str
    may_be_free: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def idle_lines(
    resources: Iterable[tuple[str, str, Mapping[str, Any]]], prices: Mapping[str, Price] = PRICES
) -> list[IdleLine]:
    """The lines of resources (logical id, CloudFormation type, properties) that cost something while idle.

    Everything else that the templates make is free while idle (Batch, queues, rules, functions, roles,
    gateway endpoints, empty tables), or costs what it stores. Alarms and dashboards cost only
    beyond the ten and three that an account has free.
    """
    return [line for each in resources for line in _lines(*each, prices)]


def total(lines: Iterable[IdleLine]) -> float:
    """USD a month for certain: without what may be free."""
    return sum(line.monthly for line in lines if not line.may_be_free)


def _lines(
    logical_id: str, kind: str, properties: Mapping[str, Any], prices: Mapping[str, Price]
) -> Iterator[IdleLine]:
    priced = _PRICED.get(kind)
    if priced is None:
        return
    name, what, count = priced
    quantity = count(properties)
    if quantity:
        price = prices[name]
        hours = HOURS if name.endswith("-hour") else 1
        monthly = quantity * hours * price.usd
        yield IdleLine(logical_id, what, quantity, monthly, price.source, price.date, name in FREE_TIER)


def _one(_properties: Mapping[str, Any]) -> float:
    return 1


def _zones(properties: Mapping[str, Any]) -> float:
    """An interface endpoint has an address in each subnet; a gateway endpoint has none, and is free."""
    if properties.get("VpcEndpointType") != "Interface":
        return 0
    subnets = properties.get("SubnetIds", ())
    return len(subnets) if isinstance(subnets, list) else 1


def _idle_vcpus(properties: Mapping[str, Any]) -> float:
    return float(properties.get("ComputeResources", {}).get("MinvCpus", 0))


def _watched(properties: Mapping[str, Any]) -> float:
    """An alarm is billed for each metric that it watches; its arithmetic is free."""
    metrics = properties.get("Metrics", ())
    return sum("MetricStat" in each for each in metrics) or 1


_PRICED = {
    "AWS::EC2::NatGateway": ("nat-hour", "NAT gateway", _one),
    "AWS::EC2::EIP": ("public-ipv4-hour", "public IPv4 address", _one),
    "AWS::EC2::VPCEndpoint": ("interface-endpoint-hour", "interface endpoint, zones", _zones),
    "AWS::KMS::Key": ("kms-key-month", "KMS key", _one),
    "AWS::CloudWatch::Alarm": ("alarm-month", "alarm, metrics", _watched),
    "AWS::CloudWatch::Dashboard": ("dashboard-month", "dashboard", _one),
    "AWS::Batch::ComputeEnvironment": ("ec2-spot-vcpu-hour", "vCPUs that never stop", _idle_vcpus),
}
