"""Looks at a deployed project in which something is wrong."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.cloud import cloud
from support.projects import deployed, photos

from batchkit.deploy.doctor.finding import Finding, System
from batchkit.deploy.doctor.looks import LOOKS, examine
from batchkit.errors import ConfigError, PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients


@pytest.fixture(scope="module")
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        deployed(clients, photos(2))
        yield clients


@pytest.fixture
def system(aws: Clients) -> System:
    return System.of(photos(2), aws)


def found(system: System, look: str) -> list[Finding]:
    return list(LOOKS[look](system))


def test_where_nothing_is_wrong_nothing_is_found(system: System) -> None:
    for look in (
        "stacks",
        "recipe",
        "notifications",
        "rules",
        "environments",
        "queues",
        "dead letters",
        "lost events",
    ):
        assert found(system, look) == []


def test_a_project_that_is_not_deployed_is_an_error(aws: Clients) -> None:
    with pytest.raises(ConfigError, match="not deployed"):
        System.of(dataclasses.replace(photos(2), name="other"), aws)


def test_another_recipe_in_the_file_is_drift(aws: Clients) -> None:
    (finding,) = found(System.of(photos(3), aws), "recipe")
    assert finding.check == "recipe-drift"


def test_an_invalid_environment_is_told_with_batch_s_reason(system: System) -> None:
    answer = {
        "computeEnvironmentName": "e",
        "status": "INVALID",
        "statusReason": "CLIENT_ERROR - no such subnet",
    }
    fake = dataclasses.replace(system, clients=Answering(system.clients, answer))  # type: ignore[arg-type]
    (finding,) = found(fake, "environments")
    assert "no such subnet" in finding.what


class Answering:
    """Clients whose Batch describes one compute environment so."""

    def __init__(self, clients: Clients, environment: dict[str, Any]) -> None:
        self.cloudformation, self._environment = clients.cloudformation, environment

    @property
    def batch(self) -> Answering:
        return self

    def describe_compute_environments(self, **_: Any) -> dict[str, Any]:
        return {"computeEnvironments": [self._environment]}


def test_dead_letters_are_counted(system: System, aws: Clients) -> None:
    url = system.outputs["DeadLettersUrl"]
    aws.sqs.send_message(QueueUrl=url, MessageBody="{}")
    (finding,) = found(system, "dead letters")
    assert finding.what.startswith("1 dead letters")
    aws.sqs.purge_queue(QueueUrl=url)


def test_events_that_were_lost_are_told_by_rule(system: System, aws: Clients) -> None:
    datum: Any = {
        "MetricName": "InvocationsFailedToBeSentToDlq",
        "Dimensions": [{"Name": "RuleName", "Value": "photos-upload-accepted"}],
        "Value": 3,
    }
    aws.cloudwatch.put_metric_data(Namespace="AWS/Events", MetricData=[datum])
    (finding,) = found(dataclasses.replace(system, clock=lambda: system.clock() + 60), "lost events")
    assert "3 events of the rule photos-upload-accepted" in finding.what


def test_notifications_and_rules_that_somebody_switched_off(system: System, aws: Clients) -> None:
    aws.events.disable_rule(Name="photos-upload-accepted")
    aws.s3.put_bucket_notification_configuration(Bucket="photos-originals", NotificationConfiguration={})
    assert [one.check for one in found(system, "notifications")] == ["notifications-off"]
    assert [one.check for one in found(system, "rules")] == ["rule-disabled"]
    aws.events.enable_rule(Name="photos-upload-accepted")
    on: Any = {"EventBridgeConfiguration": {}}
    aws.s3.put_bucket_notification_configuration(Bucket="photos-originals", NotificationConfiguration=on)


def test_a_closed_queue_is_told(system: System, aws: Clients) -> None:
    aws.batch.update_job_queue(jobQueue="photos-upload", state="DISABLED")
    (finding,) = found(system, "queues")
    assert finding.check == "queue-disabled"
    aws.batch.update_job_queue(jobQueue="photos-upload", state="ENABLED")


def test_what_may_not_be_looked_at_is_a_finding_too(system: System) -> None:
    class Closed:
        def __getattr__(self, service: str) -> Any:
            raise PermissionDenied("AWS refused", found="AccessDenied")

    looks = list(examine(dataclasses.replace(system, clients=Closed())))  # type: ignore[arg-type]
    assert looks
    assert all(one.unknown for one in looks)
    assert json.dumps([one.as_json() for one in looks])


class Alarmed(System):
    """A system whose stacks have one alarm: moto's stacks make none."""

    def resources(self, kind: str) -> dict[str, str]:
        return {"Failed": "photos-failed"} if kind == "AWS::CloudWatch::Alarm" else {}


def test_another_project_s_alarm_is_none_of_ours(system: System, aws: Clients) -> None:
    for name in ("photos-failed", "photos-other-failed"):
        aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="n",
            MetricName="m",
            Period=60,
            Statistic="Sum",
            Threshold=1,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="too many")
    alarmed = Alarmed(system.project, system.clients, system.stacks)
    assert [one.what for one in found(alarmed, "alarms")] == ["the alarm photos-failed rings"]
