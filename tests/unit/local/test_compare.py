from __future__ import annotations

from batchkit.deploy.template import Template
from batchkit.local.cloudformation.compare import compare
from batchkit.local.cloudformation.operations import in_order
from batchkit.local.cloudformation.schemas import name_property, recreation

TEXT = """
Parameters:
  Name: {Type: String, Default: a}
  Seconds: {Type: Number, Default: 60}
Resources:
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [!Ref Queue], PolicyDocument: {}}
  Queue:
    Type: AWS::SQS::Queue
    UpdateReplacePolicy: Retain
    Properties: {QueueName: !Ref Name, VisibilityTimeout: !Ref Seconds}
"""


def changes(**parameters: str) -> dict[str, tuple[str, str]]:
    old, new = Template(TEXT, {}).resources, Template(TEXT, parameters).resources
    return {change.logical_id: (change.verb, change.policy) for change in compare(old, new)}


def test_a_property_that_can_change_in_place_replaces_nothing() -> None:
    assert changes(Seconds="90") == {"Queue": ("change", "")}


def test_who_names_a_replaced_resource_changes_with_it() -> None:
    assert changes(Name="b") == {"Queue": ("replace", "ReplaceAndRetain"), "Policy": ("change", "")}


def test_nothing_changes_where_nothing_differs() -> None:
    assert changes() == {}


def test_what_is_named_is_made_first() -> None:
    assert in_order(Template(TEXT, {}).resources) == ["Queue", "Policy"]


def test_the_schemas_say_what_replaces() -> None:
    assert recreation("AWS::Batch::JobQueue", "JobQueueName") == "Always"
    assert recreation("AWS::Batch::ComputeEnvironment", "ComputeResources.Subnets.0") == "Conditionally"
    assert recreation("AWS::Batch::JobDefinition", "ContainerProperties.Image") == "Never"
    assert recreation("Custom::Unknown", "Any") == "Never"
    assert name_property("AWS::S3::Bucket") == "BucketName"
    assert name_property("AWS::SQS::Queue") is None
