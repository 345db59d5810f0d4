"""Tests of batchkit.runs.requests, and of the prices that a request is planned with."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from support.moto_world import World
from support.projects import photos

from batchkit.planning.prices import PRICES
from batchkit.planning.source_spec import Prefix
from batchkit.runs.bulk import Bulk
from batchkit.runs.requests import Request

REQUEST = Request(source="s3://b/", spec=Prefix("b", ""))


@pytest.mark.parametrize(
    ("architecture", "name"), [("x86-64", "ec2-spot-vcpu-hour"), ("arm64", "ec2-spot-arm64-vcpu-hour")]
)
def test_a_run_is_planned_by_the_spot_price_of_its_own_processors(
    world: World, architecture: str, name: str
) -> None:
    project = photos(2)
    compute = msgspec.structs.replace(project.compute, type="ec2-spot", architecture=architecture)
    project = replace(project, compute=compute)
    bulk = Bulk(project=project, clients=world.clients, artifacts=world.artifacts, table=world.table)
    live = bulk.prices({})
    assert {key for key in PRICES if live[key] != PRICES[key]} == {name}
    assert "DescribeSpotPriceHistory" in live[name].source
    assert bulk.prices({name: 0.5})[name].usd == 0.5
    assert REQUEST.options(project).machine.price("vcpu") == name
