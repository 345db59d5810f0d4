"""The promise that an idle project costs next to nothing, held against the templates."""

from __future__ import annotations

import dataclasses

import pytest
from support.projects import photos

from batchkit.cli.idle_output import idle
from batchkit.deploy import code
from batchkit.deploy.plan import plan
from batchkit.deploy.steps import Site
from batchkit.planning.idle_cost import total
from batchkit.project.tables import Network

SITE = Site("123456789012", "eu-west-1", "photos-worker:1")


@pytest.mark.parametrize("kind", ["ec2-spot", "fargate-spot", "fargate"])
def test_by_default_an_idle_project_costs_nothing_but_storage(kind: str) -> None:
    lines = idle(plan(photos(2, kind), SITE, code.Code(b"zip")), SITE)
    assert total(lines) == 0


@pytest.mark.parametrize(("egress", "least", "most"), [("nat", 36, 37), ("endpoints", 40, 150)])
def test_ways_out_that_cost_by_the_hour_are_named(egress: str, least: float, most: float) -> None:
    network = Network(egress=egress)  # type: ignore[arg-type]
    project = dataclasses.replace(photos(2), network=network)
    lines = idle(plan(project, SITE, code.Code(b"zip")), SITE)
    assert least < total(lines) < most
    assert {line.what.split(",")[0] for line in lines if not line.may_be_free} <= {
        "NAT gateway",
        "public IPv4 address",
        "interface endpoint",
    }
