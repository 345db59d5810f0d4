from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from support.cloud import cloud

from batchkit.aws.change_sets import MAX_TEMPLATE, ChangeSets, Wanted
from batchkit.aws.stacks import Stacks
from batchkit.deploy.operation import new_token
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients
    from batchkit.planning.stack_changes import Change

TEMPLATE = """
Parameters:
  Name: {Type: String}
  Seconds: {Type: Number, Default: 60}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Ref Name, VisibilityTimeout: !Ref Seconds}
Outputs:
  Url: {Value: !Ref Queue}
"""


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


def wanted(exists: bool = False, **parameters: str) -> Wanted:
    return Wanted("s", TEMPLATE, {"Name": "one", **parameters}, {"batchkit:project": "photos"}, exists=exists)


def applied(aws: Clients, stack: Wanted) -> tuple[Change, ...]:
    change_sets = ChangeSets(aws.cloudformation)
    made = change_sets.create(stack)
    assert made is not None
    change_sets.execute(made, new_token())
    return made.changes


def test_a_stack_is_created_then_changed_in_place_then_replaced(aws: Clients) -> None:
    created = applied(aws, wanted())
    changed = applied(aws, wanted(exists=True, Seconds="90"))
    replaced = applied(aws, wanted(exists=True, Seconds="90", Name="two"))

    assert [change.verb for change in (*created, *changed, *replaced)] == ["add", "change", "replace"]
    (difference,) = changed[0].differences
    assert (difference.path, difference.before, difference.after) == ("VisibilityTimeout", "60", "90")
    assert replaced[0].loses_data
    assert Stacks(aws.cloudformation).outputs("s")["Url"].endswith("/two")
    assert [url.rsplit("/", 1)[-1] for url in aws.sqs.list_queues()["QueueUrls"]] == ["two"]


def test_a_change_set_changes_nothing_until_it_is_executed(aws: Clients) -> None:
    change_sets, stacks = ChangeSets(aws.cloudformation), Stacks(aws.cloudformation)
    made = change_sets.create(wanted())
    assert made is not None
    assert stacks.state("s") is None
    assert "QueueUrls" not in aws.sqs.list_queues()

    change_sets.discard(made.arn, made.stack_id)
    assert aws.cloudformation.describe_stacks()["Stacks"] == []


def test_what_is_as_it_should_be_has_no_change_set(aws: Clients) -> None:
    applied(aws, wanted())

    assert ChangeSets(aws.cloudformation).create(wanted(exists=True)) is None
    assert aws.cloudformation.list_change_sets(StackName="s")["Summaries"] == []


def test_other_tags_are_a_change_without_resources(aws: Clients) -> None:
    applied(aws, wanted())

    assert applied(aws, dataclasses.replace(wanted(exists=True), tags={"team": "a"})) == ()
    state = Stacks(aws.cloudformation).state("s")
    assert state is not None
    assert state.tags == {"team": "a"}


def test_a_parameter_that_the_template_lacks_leaves_no_empty_stack_behind(aws: Clients) -> None:
    with pytest.raises(ConfigError, match="refuses") as error:
        ChangeSets(aws.cloudformation).create(wanted(Colour="red"))
    assert "[Colour] do not exist in the template" in str(error.value.found)
    assert aws.cloudformation.describe_stacks()["Stacks"] == []


def test_a_template_that_cloudformation_would_not_read_is_told_before(aws: Clients) -> None:
    large = dataclasses.replace(wanted(), template=TEMPLATE + "#" * MAX_TEMPLATE)

    with pytest.raises(ConfigError, match="too large"):
        ChangeSets(aws.cloudformation).create(large)


def test_outputs_of_a_stack_that_is_not_there_are_an_error_with_a_way_out(aws: Clients) -> None:
    with pytest.raises(ConfigError, match="there is no stack 's'") as error:
        Stacks(aws.cloudformation).outputs("s")
    assert "deploy the project first" in str(error.value)
