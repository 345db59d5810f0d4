"""Policies as engineers write them, and whether EventBridge gets through on AWS."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from batchkit.local.events.permissions import may_invoke, may_publish, may_send

RULE = "arn:aws:events:us-east-1:123456789012:rule/uploads"
ARN = "arn:aws:sqs:us-east-1:123456789012:q"


def queue(*statements: dict[str, Any]) -> Any:
    return SimpleNamespace(attributes={"Policy": json.dumps({"Statement": list(statements)})}, policy=None)


def allow(**changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": ARN,
    }
    return {**statement, **changes}


DENY_PLAIN_HTTP = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    "statements",
    [
        [allow()],
        [allow(Principal={"Service": ["s3.amazonaws.com", "events.amazonaws.com"]})],
        [allow(Principal="*")],
        [allow(Action=["sqs:GetQueueUrl", "SQS:Send*"])],
        [allow(Resource="arn:aws:sqs:*:123456789012:?")],
        [allow(Condition={"ArnEquals": {"aws:SourceArn": [RULE, "arn:other"]}})],
        [allow(Condition={"ArnLike": {"AWS:SourceArn": RULE[:-3] + "*"}})],
        [allow(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}})],
        [allow(), DENY_PLAIN_HTTP],
    ],
)
def test_a_queue_is_open(statements: list[dict[str, Any]]) -> None:
    assert may_send(queue(*statements), ARN, RULE)


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [allow(Principal={"Service": "sns.amazonaws.com"})],
        [allow(Principal={"AWS": "arn:aws:iam::123456789012:root"})],
        [allow(Action="sqs:ReceiveMessage")],
        [allow(Resource=ARN + "2")],
        [allow(Resource=ARN[:-1] + "[q]")],
        [allow(Condition={"ArnEquals": {"aws:SourceArn": RULE + "-other"}})],
        [allow(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}})],
        [allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})],
        [allow(), allow(Effect="Deny")],
        [allow(Effect="Deny")],
    ],
)
def test_a_queue_is_closed(statements: list[dict[str, Any]]) -> None:
    assert not may_send(queue(*statements), ARN, RULE)


def test_a_queue_without_a_policy_is_closed() -> None:
    assert not may_send(SimpleNamespace(attributes={}, policy=None), ARN, RULE)


def topic(*statements: dict[str, Any]) -> Any:
    return SimpleNamespace(policy=json.dumps({"Statement": list(statements)}))


def test_a_condition_closes_a_topic_because_aws_supports_none_there() -> None:
    statement = allow(Action="sns:Publish")
    assert may_publish(topic(statement), ARN)
    condition = {"ArnEquals": {"aws:SourceArn": RULE}}
    assert not may_publish(topic({**statement, "Condition": condition}), ARN)


def test_a_function_is_open_to_the_rule_that_its_permission_names() -> None:
    statement = allow(Action="lambda:InvokeFunction", Condition={"ArnLike": {"AWS:SourceArn": RULE}})
    function = SimpleNamespace(policy=SimpleNamespace(statements=[statement]))
    assert may_invoke(function, "arn:function", RULE)
    assert not may_invoke(function, "arn:function", RULE + "-other")
