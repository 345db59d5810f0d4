"""What a run costs: one line per thing that AWS bills, each with its price and where that comes from.

Left out, because a run's plan cannot know them: storage of the outputs, NAT gateways, the addresses of EC2
hosts (some 5 % of a Spot host), data that leaves the region, other people's Lambda functions. AWS Batch
itself is free of charge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from batchkit.planning.prices import compute_price
from batchkit.planning.records import REPORT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.planning.prices import Price

Group = Literal["compute", "requests", "ledger", "events", "logs"]
ComputeType = Literal["ec2-spot", "fargate", "fargate-spot"]
Architecture = Literal["x86-64", "arm64"]

VCPU_HOUR = "vCPU-hour"

# Fargate bills each second, one minute at least, from the start of the image's pull.
FARGATE_MINIMUM_SECONDS = 60

# From a child's start to its first item. Assumed: Fargate pulls the image (about 100 MB) and attaches a
# network interface for each child; an EC2 host has the image from its second child on.
START_SECONDS = {"fargate": 30, "fargate-spot": 30, "ec2-spot": 5}

# From SubmitJob to the first child's start. Assumed: EC2 has to boot hosts, Batch looks once a minute.
CAPACITY_SECONDS = {"fargate": 60, "fargate-spot": 60, "ec2-spot": 240}

# A host of general purpose has 4 GiB for each vCPU; a child with more memory takes up more of it.
HOST_MIB_PER_VCPU = 4096

# A child reads the recipe, a range of the index and a range of the manifest.
GETS_PER_CHILD = 3
# A child looks at a source, reads it, and looks again after the outputs are written.
GETS_PER_VISIT = 3
# It looks at each output before it makes and puts it.
GETS_PER_ITEM = 1
PUTS_PER_ITEM = 1

# DynamoDB bills a write by each KB begun. An item's record has the source's key three times (partition, key,
# output) beside this much; measured, with bucket names and facts of usual length.
ITEM_BYTES = 600
KEYS_PER_ITEM = 3
WRITE_BYTES = 1024
# A child's report; of a child whose sources went wrong it takes a second unit. One each REPORT_SECONDS, and
# one at the child's end.
WRITES_PER_REPORT = 2
# Completion reads all reports once, after the last array; consistent, up to 4 KB a unit.
READS_PER_CHILD = 1

# A child logs its start, its metrics and its end, as JSON.
LOG_BYTES_PER_CHILD = 3000
GIB = 2**30


@dataclass(frozen=True)
class Machine:
    """What a child runs on; `memory` in MiB. On Fargate a child may have a public address of its own."""

    compute: ComputeType
    vcpus: float
    memory: int
    public_ip: bool = True
    architecture: Architecture = "x86-64"

    def price(self, unit: str) -> str:
        """The name of the price of an hour of `unit`, "vcpu" or "gb"."""
        return compute_price(self.compute, self.architecture, unit)


@dataclass(frozen=True)
class Workload:
    """A run as AWS sees it; a child works `seconds` on average, its start not counted.

    `visits` counts the pairs of a child and a source that it reads: with one task for each child a source is
    visited as often as it has tasks. Planning took `lists` requests, `asked` the ledger of so many sources,
    and `looked` at so many outputs. `key_bytes` is the length of an average source's key.
    """

    sources: int
    items: int
    children: int
    seconds: float
    output_events: bool = False
    visits: int = 0
    key_bytes: float = 0.0
    lists: int = 0
    asked: int = 0
    looked: int = 0


@dataclass(frozen=True)
class Line:
    """`quantity` of `unit` at `price` USD each, as `source` said of `date` (YYYY-MM, or YYYY-MM-DD)."""

    group: Group
    what: str
    quantity: float
    unit: str
    price: float
    source: str
    date: str

    @property
    def usd(self) -> float:
        return self.quantity * self.price


@dataclass(frozen=True)
class Cost:
    """The estimate of a run, USD."""

    lines: tuple[Line, ...] = ()

    @property
    def compute(self) -> float:
        return self.of("compute")

    @property
    def requests(self) -> float:
        return self.of("requests")

    @property
    def ledger(self) -> float:
        return self.of("ledger")

    @property
    def events(self) -> float:
        return self.of("events")

    @property
    def logs(self) -> float:
        return self.of("logs")

    @property
    def total(self) -> float:
        return sum(line.usd for line in self.lines)

    def of(self, group: Group) -> float:
        """The sum of one group's lines."""
        return sum(line.usd for line in self.lines if line.group == group)


def usd(amount: float) -> str:
    """An amount of money: two decimals, and as many as a smaller amount needs to be told from nothing."""
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.2g}"


def estimate(work: Workload, machine: Machine, prices: Mapping[str, Price]) -> Cost:
    """The cost of a run; Spot children that are reclaimed and retried are not foreseen."""
    amounts = (*_compute(work, machine), *_calls(work))
    return Cost(
        tuple(
            Line(group, what, quantity, unit, prices[name].usd, prices[name].source, prices[name].date)
            for group, what, quantity, unit, name in amounts
            if quantity
        )
    )


def per_second(machine: Machine, prices: Mapping[str, Price]) -> float:
    """USD for one second of a child's work; its start, requests and logs not counted."""
    hour = 3600
    work = Workload(0, 0, children=1, seconds=hour - START_SECONDS[machine.compute])
    return estimate(work, machine, prices).compute / hour


def wall_clock(work: Workload, machine: Machine, max_vcpus: float) -> int:
    """Seconds from the submission to the last child's end, with all of `max_vcpus` to be had."""
    if not work.children:
        return 0
    at_once = max(math.floor(max_vcpus / machine.vcpus), 1)
    waves = -(-work.children // at_once)
    each = START_SECONDS[machine.compute] + work.seconds
    return round(CAPACITY_SECONDS[machine.compute] + waves * each)


def writes_per_item(key_bytes: float) -> int:
    """The write units of an item whose source's key has so many bytes."""
    return math.ceil((ITEM_BYTES + KEYS_PER_ITEM * key_bytes) / WRITE_BYTES)


def writes_per_child(seconds: float) -> int:
    """The write units of the reports of a child that works for so many seconds."""
    return WRITES_PER_REPORT * (1 + int(seconds // REPORT_SECONDS))


def billed_seconds(compute: ComputeType, seconds: float) -> float:
    """What is billed of a child that works for so many seconds: its start, too, and on Fargate a minute."""
    whole = START_SECONDS[compute] + seconds
    return whole if compute == "ec2-spot" else max(whole, FARGATE_MINIMUM_SECONDS)


_Amount = tuple[Group, str, float, str, str]


def _compute(work: Workload, machine: Machine) -> Iterator[_Amount]:
    kind = machine.compute
    hours = work.children * billed_seconds(kind, work.seconds) / 3600
    if kind == "ec2-spot":
        share = max(machine.vcpus, machine.memory / HOST_MIB_PER_VCPU)
        name = "EC2 Spot, vCPUs with their memory"
        yield "compute", name, hours * share, VCPU_HOUR, machine.price("vcpu")
        return
    name = "Fargate Spot" if kind == "fargate-spot" else "Fargate"
    yield "compute", f"{name}, vCPUs", hours * machine.vcpus, VCPU_HOUR, machine.price("vcpu")
    yield "compute", f"{name}, memory", hours * machine.memory / 1024, "GB-hour", machine.price("gb")
    if machine.public_ip:
        yield "compute", "public IPv4 addresses", hours, "hour", "public-ipv4-hour"


def _calls(work: Workload) -> Iterator[_Amount]:
    yield "requests", "S3 LIST, to plan", work.lists, "request", "s3-list"
    yield "requests", "S3 HEAD, to plan", work.looked, "request", "s3-get"
    visits = work.visits or work.sources
    gets = work.children * GETS_PER_CHILD + visits * GETS_PER_VISIT + work.items * GETS_PER_ITEM
    yield "requests", "S3 GET and HEAD", gets, "request", "s3-get"
    yield "requests", "S3 PUT", work.items * PUTS_PER_ITEM, "request", "s3-put"
    writes = work.items * writes_per_item(work.key_bytes) + work.children * writes_per_child(work.seconds)
    yield "ledger", "DynamoDB writes", writes, "write", "dynamodb-write"
    reads = work.asked + work.children * READS_PER_CHILD
    yield "ledger", "DynamoDB reads", reads, "read", "dynamodb-read"
    events = (1 if work.children else 0) + (work.items if work.output_events else 0)
    yield "events", "EventBridge events", events, "event", "eventbridge-event"
    yield "logs", "CloudWatch Logs", work.children * LOG_BYTES_PER_CHILD / GIB, "GB", "logs-gb"
