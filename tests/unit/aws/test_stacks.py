from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore import exceptions as boto
from support.cloud import cloud

from batchkit.aws.stacks import Stacks
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

TEMPLATE = """
Parameters:
  Name: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Ref Name}
Outputs:
  Arn: {Value: !Ref Topic}
"""


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


def test_a_stack_is_created_once_then_updated(aws: Clients) -> None:
    stacks = Stacks(aws.cloudformation)
    first = stacks.apply("s", TEMPLATE, {"Name": "one"}, {"batchkit:project": "photos"})
    second = stacks.apply("s", TEMPLATE, {"Name": "two"}, {"batchkit:project": "photos"})
    assert first["Arn"].endswith(":one")
    assert second["Arn"].endswith(":two")
    (stack,) = aws.cloudformation.describe_stacks()["Stacks"]
    assert stack["Tags"] == [{"Key": "batchkit:project", "Value": "photos"}]


def test_applying_what_stands_already_changes_nothing(aws: Clients) -> None:
    stacks = Stacks(aws.cloudformation)
    first = stacks.apply("s", TEMPLATE, {"Name": "one"}, {})
    assert stacks.apply("s", TEMPLATE, {"Name": "one"}, {}) == first


def test_outputs_of_a_stack_that_is_not_there_are_an_error_with_a_way_out(aws: Clients) -> None:
    with pytest.raises(ConfigError, match="there is no stack 's'") as error:
        Stacks(aws.cloudformation).outputs("s")
    assert "deploy the project first" in str(error.value)


class Failing:
    """CloudFormation that creates nothing. moto has no failing resource: it answers HTTP 500 instead."""

    def __init__(self, status: str | None = None) -> None:
        self.calls: list[str] = []
        self._status = status

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        if self._status is None:
            message = {"Error": {"Code": "ValidationError", "Message": "Stack with id s does not exist"}}
            raise boto.ClientError(cast("Any", message), "DescribeStacks")
        return {"Stacks": [{"StackStatus": self._status}]}

    def create_stack(self, **_: Any) -> None:
        self.calls.append("create")
        self._status = "ROLLBACK_COMPLETE"

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete")
        self._status = None

    def get_waiter(self, name: str) -> Failing:
        self.calls.append(name)
        return self

    def wait(self, **_: Any) -> None:
        if self._status == "ROLLBACK_COMPLETE":
            raise boto.WaiterError("StackCreateComplete", "Waiter encountered a terminal failure state", {})

    def get_paginator(self, _: str) -> Failing:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        def event(name: str, status: str, reason: str) -> dict[str, str]:
            return {"LogicalResourceId": name, "ResourceStatus": status, "ResourceStatusReason": reason}

        newest_first = [
            event("s", "ROLLBACK_COMPLETE", ""),
            event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
            event("Role", "CREATE_FAILED", "follows from the first"),
            event("Bucket", "CREATE_FAILED", "photos-originals already exists"),
            event("s", "CREATE_IN_PROGRESS", "User Initiated"),
            event("Bucket", "CREATE_FAILED", "of an earlier operation"),
        ]
        return [{"StackEvents": newest_first[:3]}, {"StackEvents": newest_first[3:]}]


def test_a_failure_is_told_by_what_failed_first() -> None:
    with pytest.raises(ConfigError) as error:
        Stacks(cast("Any", Failing())).apply("s", TEMPLATE, {}, {})
    assert error.value.found == "Bucket: photos-originals already exists"


def test_a_stack_that_never_came_into_being_is_cleared_away_first() -> None:
    client = Failing("ROLLBACK_COMPLETE")
    with pytest.raises(ConfigError):
        Stacks(cast("Any", client)).apply("s", TEMPLATE, {}, {})
    assert client.calls == ["delete", "stack_delete_complete", "create", "stack_create_complete"]


def test_a_stack_is_removed_once_and_the_second_time_there_is_none(aws: Clients) -> None:
    stacks = Stacks(aws.cloudformation, wait_seconds=0)
    stacks.apply("s", TEMPLATE, {"Name": "b"}, {})
    for _ in range(2):
        stacks.remove("s")
        with pytest.raises(ConfigError, match="there is no stack 's'"):
            stacks.outputs("s")
