"""The lines that become metrics: CloudWatch reads them, they are few, and nothing else is in them."""

from __future__ import annotations

import pytest
from support.embedded import check_embedded

from batchkit.planning import metrics

PLACE = {"Project": "photos", "Lane": "upload", "Key": "a secret.jpg"}


@pytest.mark.parametrize("family", metrics.FAMILIES)
def test_cloudwatch_makes_of_a_line_what_the_family_says(family: metrics.Family) -> None:
    values = dict.fromkeys(family.units, 1.5)
    found = check_embedded(metrics.line(family, PLACE, values, 1_700_000_000_000))
    place = tuple(PLACE[name] for name in family.dimensions)
    totals = {(name, place[:1]) for name in family.totals}
    assert set(found) == {(name, place) for name in values} | totals


def test_a_line_says_nothing_but_its_values_and_dimensions() -> None:
    line = metrics.line(metrics.RUN, PLACE, {"RunsFailed": 1}, 0)
    assert set(line) == {"_aws", "Project", "RunsFailed"}
    assert [m["Name"] for m in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]] == ["RunsFailed"]


def test_there_are_few_metrics_for_each_costs_by_the_month() -> None:
    lanes = 2
    number = sum(
        len(family.units) * (lanes if "Lane" in family.dimensions else 1) + len(family.totals)
        for family in metrics.FAMILIES
    )
    assert number <= 27


@pytest.mark.parametrize(("value", "enabled"), [("ENABLED", True), ("DISABLED", False), ("", False)])
def test_a_project_publishes_only_when_it_is_told_to(value: str, enabled: bool) -> None:
    assert metrics.is_enabled({metrics.VARIABLE: value}) is enabled
    assert not metrics.is_enabled({})
