"""CloudFormation resources that moto 5.2 does not know, made of moto's own backends.

Each class has the face that moto's template parser asks of a resource. `moto_gaps` puts them into its table.
"""

from __future__ import annotations

import json
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.scheduler.models import scheduler_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends


class Resource:
    """What the parser needs of any resource: an id, attributes, creation, update, deletion."""

    cf_resource_type = ""
    logical_resource_id = ""

    def __init__(self, physical_resource_id: str, place: str = "") -> None:
        """`place` is `region:account`, as in an ARN."""
        self.physical_resource_id = physical_resource_id
        self.place = place

    @classmethod
    def create_from_cloudformation_json(
        cls, name: str, template: dict[str, Any], account: str, region: str, **_context: Any
    ) -> Resource:
        return cls(cls.apply(name, template["Properties"], account, region), f"{region}:{account}")

    @classmethod
    def update_from_cloudformation_json(
        cls,
        *,
        original_resource: Resource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Resource:
        name = original_resource.physical_resource_id or new_resource_name
        applied = cls.apply(name, cloudformation_json["Properties"], account_id, region_name)
        return cls(applied, f"{region_name}:{account_id}")

    @classmethod
    def apply(cls, name: str, properties: dict[str, Any], account: str, region: str) -> str:
        """Makes it so, for a new resource as for an old one; returns the physical id."""
        return name

    @classmethod
    def has_cfn_attr(cls, attribute: str) -> bool:
        return attribute in {"Arn", "Id"}

    def get_cfn_attribute(self, attribute: str) -> str:
        return self.physical_resource_id

    def is_created(self) -> bool:
        return True

    def delete(self, account: str, region: str) -> None:
        """Goes with what it belongs to."""


class QueuePolicy(Resource):
    """AWS::SQS::QueuePolicy: who may send to the queues."""

    @classmethod
    def apply(cls, name: str, properties: dict[str, Any], account: str, region: str) -> str:
        for url in properties["Queues"]:
            document = json.dumps(properties["PolicyDocument"])
            queue = url.rstrip("/").rsplit("/", 1)[-1]
            sqs_backends[account][region].set_queue_attributes(queue, {"Policy": document})
        return name


class TopicPolicy(Resource):
    """AWS::SNS::TopicPolicy: who may publish to the topics. It replaces the default policy, as on AWS."""

    @classmethod
    def apply(cls, name: str, properties: dict[str, Any], account: str, region: str) -> str:
        for arn in properties["Topics"]:
            sns_backends[account][region].get_topic(arn).policy = json.dumps(properties["PolicyDocument"])
        return name


class Subscription(Resource):
    """AWS::SNS::Subscription."""

    @classmethod
    def apply(cls, name: str, properties: dict[str, Any], account: str, region: str) -> str:
        backend = sns_backends[account][region]
        made = backend.subscribe(properties["TopicArn"], properties["Endpoint"], properties["Protocol"])
        for attribute in ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope"):
            if attribute in properties:
                value = properties[attribute]
                text = value if isinstance(value, str) else json.dumps(value)
                backend.set_subscription_attributes(made.arn, attribute, text)
        return str(made.arn)


class EventInvokeConfig(Resource):
    """AWS::Lambda::EventInvokeConfig: how often an asynchronous invocation is tried, and where it ends."""

    @classmethod
    def apply(cls, name: str, properties: dict[str, Any], account: str, region: str) -> str:
        function: Any = lambda_backends[account][region].get_function(properties["FunctionName"])
        function.asynchronous = properties
        return name


class ScheduleGroup(Resource):
    """AWS::Scheduler::ScheduleGroup; whoever deletes it deletes the schedules in it."""

    @classmethod
    def apply(cls, name: str, properties: dict[str, Any], account: str, region: str) -> str:
        group, backend = str(properties["Name"]), scheduler_backends[account][region]
        if group not in backend.schedule_groups:
            backend.create_schedule_group(group, tags=[])
        return group

    def get_cfn_attribute(self, attribute: str) -> str:
        return f"arn:aws:scheduler:{self.place}:schedule-group/{self.physical_resource_id}"

    def delete(self, account: str, region: str) -> None:
        scheduler_backends[account][region].schedule_groups.pop(self.physical_resource_id, None)


class Schedule(Resource):
    """AWS::Scheduler::Schedule."""

    @classmethod
    def apply(cls, name: str, properties: dict[str, Any], account: str, region: str) -> str:
        backend = scheduler_backends[account][region]
        group, own = properties.get("GroupName", "default"), properties.get("Name", name)
        known = own in backend.get_schedule_group(group).schedules
        described: dict[str, Any] = {
            "name": own,
            "group_name": group,
            "description": properties.get("Description"),
            "flexible_time_window": properties["FlexibleTimeWindow"],
            "schedule_expression": properties["ScheduleExpression"],
            "schedule_expression_timezone": properties.get("ScheduleExpressionTimezone"),
            "target": properties["Target"],
            "state": properties.get("State", "ENABLED"),
            **dict.fromkeys(("start_date", "end_date", "kms_key_arn")),
        }
        if known:
            backend.update_schedule(**described)
        else:
            backend.create_schedule(**described, action_after_completion=None)
        return f"{group}|{own}"

    def delete(self, account: str, region: str) -> None:
        group, _, name = self.physical_resource_id.partition("|")
        groups = scheduler_backends[account][region].schedule_groups
        # A group that went first took its schedules along.
        if group in groups:
            groups[group].schedules.pop(name, None)


class Inert(Resource):
    """Any other resource that moto does not know: it exists, and does nothing."""

    @classmethod
    def has_cfn_attr(cls, attribute: str) -> bool:
        return True


KNOWN: dict[str, type[Resource]] = {
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig,
    "AWS::SNS::Subscription": Subscription,
    "AWS::Scheduler::Schedule": Schedule,
    "AWS::Scheduler::ScheduleGroup": ScheduleGroup,
    "AWS::SNS::TopicPolicy": TopicPolicy,
    "AWS::SQS::QueuePolicy": QueuePolicy,
}
