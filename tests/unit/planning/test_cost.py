"""Tests of batchkit.planning.cost: what a run is estimated to cost and to take."""

from __future__ import annotations

from dataclasses import replace
from math import isclose
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning.cost import (
    FARGATE_MINIMUM_SECONDS,
    VCPU_HOUR,
    ComputeType,
    Cost,
    Machine,
    Workload,
    estimate,
    usd,
    wall_clock,
    writes_per_child,
    writes_per_item,
)
from batchkit.planning.prices import PRICES, overridden

COMPUTE = st.sampled_from(get_args(ComputeType))
MACHINES = st.builds(Machine, COMPUTE, st.sampled_from([0.25, 1, 4]), st.sampled_from([512, 2048, 30_720]))
WORK = st.builds(
    Workload,
    sources=st.integers(0, 10**7),
    items=st.integers(0, 10**8),
    children=st.integers(0, 10**6),
    seconds=st.floats(0, 10_000),
    output_events=st.booleans(),
)


@given(work=WORK, machine=MACHINES, more=st.sampled_from(["sources", "items", "children", "seconds"]))
def test_more_of_anything_never_costs_less(work: Workload, machine: Machine, more: str) -> None:
    larger = replace(work, **{more: getattr(work, more) + 1})
    assert estimate(larger, machine, PRICES).total >= estimate(work, machine, PRICES).total


@given(work=WORK, machine=MACHINES)
def test_the_total_is_the_sum_of_its_groups(work: Workload, machine: Machine) -> None:
    cost = estimate(work, machine, PRICES)
    groups = cost.compute + cost.requests + cost.ledger + cost.events + cost.logs
    assert isclose(cost.total, groups, abs_tol=1e-9)


@pytest.mark.parametrize("compute", get_args(ComputeType))
def test_a_run_of_nothing_costs_and_takes_nothing(compute: ComputeType) -> None:
    machine = Machine(compute, 1, 2048)
    assert estimate(Workload(0, 0, 0, 0.0), machine, PRICES) == Cost()
    assert wall_clock(Workload(0, 0, 0, 0.0), machine, 256) == 0


def test_fargate_bills_at_least_a_minute_for_each_child() -> None:
    cost = estimate(Workload(1000, 1000, 1000, 0.1), Machine("fargate", 2, 4096), PRICES)
    (hours,) = (line.quantity for line in cost.lines if line.unit == VCPU_HOUR)
    assert isclose(hours, 1000 * 2 * FARGATE_MINIMUM_SECONDS / 3600)


def test_spot_costs_less_than_what_it_replaces() -> None:
    work = Workload(1000, 5000, 10, 240.0)
    on_demand, spot = (estimate(work, Machine(k, 1, 2048), PRICES) for k in ("fargate", "fargate-spot"))
    assert spot.compute < on_demand.compute
    assert spot.requests == on_demand.requests


def test_a_child_with_much_memory_takes_up_more_of_an_ec2_host() -> None:
    work = Workload(1000, 5000, 10, 240.0)
    small, large = (estimate(work, Machine("ec2-spot", 1, m), PRICES).compute for m in (4096, 8192))
    assert isclose(large, 2 * small)


def test_events_of_outputs_are_paid_where_the_bucket_sends_them() -> None:
    silent = estimate(Workload(10, 50, 1, 1.0), Machine("fargate", 1, 2048), PRICES)
    loud = estimate(Workload(10, 50, 1, 1.0, output_events=True), Machine("fargate", 1, 2048), PRICES)
    assert isclose(loud.events, 51 * silent.events)


def test_a_price_of_ones_own_replaces_the_table_and_says_so() -> None:
    prices = overridden({"s3-put": 1.0})
    cost = estimate(Workload(1, 7, 1, 1.0), Machine("fargate", 1, 2048), prices)
    (line,) = (line for line in cost.lines if line.what == "S3 PUT")
    assert (line.usd, line.source) == (7.0, "given by you")


@given(work=WORK, machine=MACHINES, vcpus=st.integers(1, 10_000))
def test_more_vcpus_never_take_longer(work: Workload, machine: Machine, vcpus: int) -> None:
    assert wall_clock(work, machine, vcpus + 1) <= wall_clock(work, machine, vcpus)


def test_children_beyond_max_vcpus_wait_for_the_next_wave() -> None:
    machine = Machine("fargate", 2, 4096)
    one, two = (wall_clock(Workload(1, 1, n, 200.0), machine, 16) for n in (8, 9))
    assert two - one == 230


# 10,000 photographs of 3 MB, three tasks, 40 children of 240 s, keys of 20 bytes.
GOLDEN = Workload(10_000, 30_000, 40, 240.0, visits=10_000, key_bytes=20, lists=12, asked=12_000)
CALLS = {
    "S3 LIST, to plan": (12, "s3-list"),
    "S3 GET and HEAD": (40 * 3 + 10_000 * 3 + 30_000, "s3-get"),
    "S3 PUT": (30_000, "s3-put"),
    # Two for each of the four reports of minutes gone by, and for the last one.
    "DynamoDB writes": (30_000 + 40 * 2 * 5, "dynamodb-write"),
    "DynamoDB reads": (12_000 + 40, "dynamodb-read"),
    "EventBridge events": (1, "eventbridge-event"),
    "CloudWatch Logs": (120_000 / 2**30, "logs-gb"),
}
FARGATE = 40 * 270 / 3600
BILLS = {
    "ec2-spot": {"EC2 Spot, vCPUs with their memory": (40 * 245 / 3600 * 2, "ec2-spot-vcpu-hour")},
    "fargate": {
        "Fargate, vCPUs": (FARGATE, "fargate-vcpu-hour"),
        "Fargate, memory": (FARGATE * 8, "fargate-gb-hour"),
        "public IPv4 addresses": (FARGATE, "public-ipv4-hour"),
    },
    "fargate-spot": {
        "Fargate Spot, vCPUs": (FARGATE, "fargate-spot-vcpu-hour"),
        "Fargate Spot, memory": (FARGATE * 8, "fargate-spot-gb-hour"),
        "public IPv4 addresses": (FARGATE, "public-ipv4-hour"),
    },
}


@pytest.mark.parametrize("compute", get_args(ComputeType))
def test_a_bill_has_these_lines_and_no_others(compute: ComputeType) -> None:
    """With 8 GiB a child takes up two of an EC2 host's vCPUs."""
    lines = estimate(GOLDEN, Machine(compute, 1, 8192), PRICES).lines
    expected = {**BILLS[compute], **CALLS}
    assert {line.what: line.quantity for line in lines} == pytest.approx(
        {what: quantity for what, (quantity, _) in expected.items()}
    )
    assert {line.what: line.price for line in lines} == {
        what: PRICES[name].usd for what, (_, name) in expected.items()
    }


@pytest.mark.parametrize("compute", get_args(ComputeType))
def test_arm64_is_billed_by_its_own_prices_which_are_lower(compute: ComputeType) -> None:
    x86, arm = (
        estimate(GOLDEN, Machine(compute, 1, 8192, architecture=kind), PRICES) for kind in ("x86-64", "arm64")
    )
    assert [line.what for line in arm.lines] == [line.what for line in x86.lines]
    assert 0.75 * x86.compute < arm.compute < 0.9 * x86.compute
    assert arm.requests == x86.requests


def test_children_without_addresses_of_their_own_pay_for_none() -> None:
    lines = estimate(GOLDEN, Machine("fargate", 1, 8192, public_ip=False), PRICES).lines
    assert "public IPv4 addresses" not in {line.what for line in lines}


def test_one_task_a_child_reads_each_source_as_often_as_it_has_tasks() -> None:
    """10,000 x 5: each of 50,000 children reads its manifest, looks at its source twice and reads it once."""
    work = Workload(10_000, 50_000, 50_000, 1.0, visits=50_000)
    bill = {line.what: line.quantity for line in estimate(work, Machine("fargate", 1, 2048), PRICES).lines}
    assert bill["S3 GET and HEAD"] == 350_000


def test_an_item_of_a_long_key_takes_two_write_units() -> None:
    assert (writes_per_item(50), writes_per_item(400)) == (1, 2)


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0.00"), (0.000123, "0.00012"), (0.25, "0.25"), (1234.5, "1,234.50")]
)
def test_money_is_told_from_nothing(amount: float, text: str) -> None:
    assert usd(amount) == text


def test_a_child_of_less_than_a_minute_reports_once_and_a_longer_one_once_a_minute_more() -> None:
    assert [writes_per_child(seconds) for seconds in (0, 59.9, 60, 125)] == [2, 2, 4, 6]
