"""Tests of batchkit.planning.backfill: a plan as data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import DataError
from batchkit.planning.backfill import Found, Options, Plan, Tally, plan
from batchkit.planning.cost import ComputeType, Machine
from batchkit.planning.sizing import FanOut

MACHINE = Machine("fargate-spot", 1, 2048)
OPTIONS = Options(MACHINE, max_vcpus=256)
TASKS = ("thumb", "large")


def planned(
    sources: int, options: Options = OPTIONS, size: int = 3_000_000, items: int | None = None
) -> Plan:
    found = Found(
        sources, sources * size, sources * 2 if items is None else items, tally=Tally(unchecked=sources)
    )
    return plan("b-1", 1_795_000_000, recipe="d" * 64, tasks=TASKS, found=found, options=options)


@given(
    sources=st.integers(0, 400_000),
    size=st.integers(0, 10**9),
    fan_out=st.sampled_from(get_args(FanOut)),
    compute=st.sampled_from(get_args(ComputeType)),
)
def test_a_plan_survives_being_stored(sources: int, size: int, fan_out: FanOut, compute: ComputeType) -> None:
    made = planned(sources, Options(Machine(compute, 0.5, 1024), 8, fan_out=fan_out), size)
    assert Plan.from_json(made.to_json()) == made


@given(sources=st.integers(0, 400_000), size=st.integers(0, 10**9))
def test_arrays_children_and_shape_of_a_plan_agree(sources: int, size: int) -> None:
    made = planned(sources, size=size)
    assert made.children == made.shape.children
    assert made.calls == len(made.arrays)


@pytest.mark.parametrize(("sources", "calls"), [(0, 0), (1, 1), (5000, 1), (5001, 2), (25_000, 5)])
def test_one_child_for_each_task_makes_as_few_arrays_as_can_be(sources: int, calls: int) -> None:
    made = planned(sources, replace(OPTIONS, fan_out="task"))
    assert (made.children, made.calls, made.per_child) == (sources * 2, calls, 1)


def test_fewer_items_of_the_same_sources_cost_less() -> None:
    assert planned(1000, items=1000).cost.total < planned(1000).cost.total


def test_shards_are_as_the_model_says_and_no_larger_than_the_bound() -> None:
    model = planned(10_000).per_child
    assert planned(10_000, replace(OPTIONS, most_per_child=6)).per_child == 6
    assert planned(10_000, replace(OPTIONS, most_per_child=model * 3)).per_child == model
    # Less than a source's tasks, too.
    assert planned(10_000, replace(OPTIONS, most_per_child=1)).children == 20_000


def test_twice_the_vcpus_do_twice_as_much_for_the_same_money() -> None:
    """Half as many children of the same time, on machines of which a child with two vCPUs takes up two."""
    one, two = (
        planned(40_000, Options(Machine("ec2-spot", vcpus, 2048 * vcpus), max_vcpus=64)) for vcpus in (1, 2)
    )
    assert (one.lanes, two.lanes) == (1, 2)
    assert two.children == pytest.approx(one.children / 2, abs=1)
    assert two.cost.compute == pytest.approx(one.cost.compute, rel=0.02)
    assert two.seconds == pytest.approx(one.seconds, rel=0.1)


def test_children_take_half_the_time_where_their_shards_stay_as_they_are() -> None:
    options = Options(Machine("ec2-spot", 1, 2048), max_vcpus=10_000, most_per_child=600)
    one = planned(100_000, options)
    two = planned(100_000, replace(options, machine=Machine("ec2-spot", 2, 4096)))
    assert two.per_child == one.per_child
    assert two.billed - 5 * two.children == pytest.approx((one.billed - 5 * one.children) / 2)


def test_a_child_of_one_source_has_one_lane_however_many_vcpus() -> None:
    made = planned(1000, Options(Machine("ec2-spot", 4, 8192), 256, fan_out="task"))
    assert made.lanes == 1


def test_more_vcpus_for_the_sake_of_memory_bring_no_lanes() -> None:
    assert planned(1000, Options(Machine("fargate", 2, 16384), 256, lanes=1)).lanes == 1


def test_a_shard_that_would_meet_the_timeout_is_refused() -> None:
    with pytest.raises(DataError, match="timeout"):
        planned(100_000, replace(OPTIONS, seconds_per_child=4000, timeout=7200))


def test_a_plan_for_programs_has_what_follows_from_it() -> None:
    made = planned(1000)
    facts = json.loads(json.dumps(made.as_json()))
    assert (facts["children"], facts["calls"]) == (made.children, 1)
    assert facts["cost"]["total"] == pytest.approx(sum(line["usd"] for line in facts["cost"]["lines"]))
    assert facts["vcpu_hours"] > 0
    assert facts["tally"]["unchecked"] == 1000


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"run": 1}'])
def test_anything_else_is_not_a_plan(data: bytes) -> None:
    with pytest.raises(DataError, match="not a plan"):
        Plan.from_json(data)


def test_a_tally_adds_up() -> None:
    tally = Tally(new=1, stale_source=2, stale_recipe=4, fresh=8, rejected=16, unchecked=32)
    assert (tally.chosen, tally.found) == (39, 63)
