"""Dashboard and alarms: every metric that they show is one that somebody publishes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from batchkit import resources
from batchkit.deploy.steps import OBSERVABILITY, RULES, SCHEDULE, STORAGE
from batchkit.planning import metrics, uploads
from batchkit.planning.idle_cost import idle_lines

# What AWS publishes (the services' user guides), and the dimension that tells ours apart.
OF_AWS = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): "QueueName",
    ("AWS/Events", "FailedInvocations"): "RuleName",
    ("AWS/Lambda", "Errors"): "FunctionName",
}
LANES = {"upload", "bulk"}


class Loader(yaml.SafeLoader):
    """Reads `!Ref x` and `!Sub x` as their text, other tags as what is under them."""


def _text(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {"Ref": f"${{{value}}}", "GetAtt": f"${{{value}}}"}.get(suffix, value)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


Loader.add_multi_constructor("!", _text)


def read(path: str) -> dict[str, Any]:
    found = yaml.load(resources.path(path).read_text(), Loader)  # noqa: S506  the loader is a safe one
    return dict(found["Resources"])


def dashboard() -> dict[str, Any]:
    body = read(OBSERVABILITY)["Dashboard"]["Properties"]["DashboardBody"]
    return dict(json.loads(body))


def on_the_dashboard() -> list[tuple[str, str, dict[str, str]]]:
    found = []
    for widget in dashboard()["widgets"]:
        for line in widget["properties"].get("metrics", []):
            if isinstance(line[0], str):
                namespace, name, *rest = [part for part in line if isinstance(part, str)]
                found.append((namespace, name, dict(zip(rest[::2], rest[1::2], strict=True))))
    return found


def alarms() -> dict[str, dict[str, Any]]:
    return {
        name: each["Properties"]
        for name, each in read(OBSERVABILITY).items()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }


def in_alarms() -> list[tuple[str, str, dict[str, str]]]:
    found = []
    for alarm in alarms().values():
        parts = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        for part in parts or [alarm]:
            place = {each["Name"]: each["Value"] for each in part["Dimensions"]}
            found.append((part["Namespace"], part["MetricName"], place))
    return found


def published() -> set[tuple[str, tuple[str, ...]]]:
    """Every metric of batchkit's, with the names of its dimensions."""
    own = {(name, family.dimensions) for family in metrics.FAMILIES for name in family.units}
    totals = {(name, family.dimensions[:1]) for family in metrics.FAMILIES for name in family.totals}
    return own | totals


def test_every_metric_that_is_shown_or_watched_is_published() -> None:
    shown = on_the_dashboard() + in_alarms()
    assert len(shown) > 30
    for namespace, name, place in shown:
        if namespace == metrics.NAMESPACE:
            assert (name, tuple(place)) in published(), name
            assert place["Project"] == "${Project}"
            assert place.get("Lane", "upload") in LANES
        else:
            assert list(place) == [OF_AWS[namespace, name]]


def test_every_metric_that_is_published_is_shown() -> None:
    shown = {(name, tuple(place)) for _, name, place in on_the_dashboard() + in_alarms()}
    assert published() - shown == set()


def test_queues_functions_and_rules_that_are_shown_exist() -> None:
    names = {
        str(properties[key])
        for path in (STORAGE, RULES, SCHEDULE, OBSERVABILITY)
        for each in read(path).values()
        for properties in [each["Properties"]]
        for key in ("QueueName", "FunctionName", "Name")
        if key in properties
    }
    for namespace, _, place in on_the_dashboard() + in_alarms():
        for value in place.values():
            assert namespace == metrics.NAMESPACE or value in names | {"${WaitingHandler}"}


def test_the_failed_deliveries_of_every_accepting_rule_are_shown() -> None:
    rules = {str(each["Properties"].get("Name")) for each in read(RULES).values()}
    shown = {place["RuleName"] for _, name, place in on_the_dashboard() if name == "FailedInvocations"}
    assert len(shown) == uploads.MAX_ACCEPTING + 1
    assert {rule for rule in rules if "-upload-accepted" in rule} <= shown


def test_every_expression_uses_what_the_widget_or_the_alarm_has() -> None:
    for widget in dashboard()["widgets"]:
        lines = widget["properties"].get("metrics", [])
        ids = {part["id"] for line in lines for part in line if isinstance(part, dict) and "id" in part}
        for expression in (line[0]["expression"] for line in lines if isinstance(line[0], dict)):
            assert words(expression) <= ids
            assert all(any(part in known for known in ids) for part in re.findall(r'"(.+?)"', expression))
    for alarm in alarms().values():
        ids = {each["Id"] for each in alarm.get("Metrics", [])}
        assert all(
            words(each["Expression"]) <= ids for each in alarm.get("Metrics", []) if "Expression" in each
        )


def words(expression: str) -> set[str]:
    return set(re.findall(r"\b[a-z]\w*", re.sub(r'\$\{\w+\}|".*?"', "1", expression)))


def test_no_widget_lies_on_another_and_all_are_on_the_grid() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard()["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_the_dashboard_has_all_alarms() -> None:
    (status,) = [widget for widget in dashboard()["widgets"] if widget["type"] == "alarm"]
    assert set(status["properties"]["alarms"]) == {f"${{{name}.Arn}}" for name in alarms()}


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_tells_the_topic_and_what_to_do_and_is_one_that_the_policy_lets_in(name: str) -> None:
    alarm, found = alarms()[name], read(OBSERVABILITY)
    assert alarm["AlarmActions"] == ["${Topic}"]
    assert alarm["AlarmDescription"]
    assert alarm["TreatMissingData"] in ("notBreaching", "ignore")
    (statement,) = found["TopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    own = statement["Condition"]["ArnLike"]["aws:SourceArn"].rpartition(":alarm:")[2]
    assert alarm["AlarmName"].startswith(own.removesuffix("*"))


def test_the_alarms_cost_what_the_manual_says() -> None:
    lines = idle_lines((name, "AWS::CloudWatch::Alarm", alarm) for name, alarm in alarms().items())
    manual = (resources.path("docs/operations.md")).read_text()
    assert f"8 metrics at 0.10 USD | {sum(line.monthly for line in lines):.2f} USD" in manual
