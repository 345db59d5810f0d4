"""What the templates' roles may do, and who may be them."""

from __future__ import annotations

from typing import Any

import pytest
from support.templates import everywhere, listed, statements, strings

from batchkit.deploy.steps import RULES, SCHEDULE
from batchkit.planning import names

# Actions that AWS authorises without a resource (Service Authorization Reference).
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken": "a token is the registry's, not a repository's",
    "batch:DescribeJobs": "Describe and List actions of AWS Batch take no resource",
    "batch:ListJobs": "Describe and List actions of AWS Batch take no resource",
}
# Services that say on whose behalf they take a role. The others do not (aws-facts of each service's guide).
SAYING_FOR_WHOM = {"ecs-tasks.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"}
SILENT = {
    "ec2.amazonaws.com": "an instance takes the role of its profile",
    "lambda.amazonaws.com": "whoever may pass the role to a function has it",
}
# One policy of AWS's: AWS Batch documents it as what its instances need, and it follows the ECS agent.
MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"

ROLES = everywhere("AWS::IAM::Role")


def granted(role: str) -> list[dict[str, Any]]:
    """The statements of a role's policies."""
    policies = ROLES[role].get("Policies", [])
    return [each for policy in listed(policies) for each in statements(policy["PolicyDocument"])]


def test_there_are_roles_to_look_at() -> None:
    assert len(ROLES) >= 7


@pytest.mark.parametrize("role", ROLES)
def test_a_role_lists_its_actions_one_by_one(role: str) -> None:
    for statement in granted(role):
        assert statement["Sid"]
        assert statement["Effect"] == "Allow"
        assert [action for action in listed(statement["Action"]) if "*" in action] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_names_its_resources_unless_aws_has_none_to_name(role: str) -> None:
    for statement in granted(role):
        resources = listed(statement["Resource"])
        if "*" in resources:
            assert set(listed(statement["Action"])) <= set(WITHOUT_RESOURCE)
        for resource in resources:
            assert resource == "*" or "GetAtt" in resource or "${" in str(resource) or "Ref" in resource


@pytest.mark.parametrize("role", ROLES)
def test_a_resource_is_the_project_s_own(role: str) -> None:
    for statement in granted(role):
        for resource in strings([r["Sub"] for r in listed(statement["Resource"]) if "Sub" in r]):
            name = resource.rpartition("${AWS::AccountId}:")[2] if "AccountId" in resource else resource
            assert "${" in name or resource.endswith("event-bus/default")


@pytest.mark.parametrize("role", ROLES)
def test_no_service_can_be_made_to_use_a_role_for_another_account(role: str) -> None:
    for statement in statements(ROLES[role]["AssumeRolePolicyDocument"]):
        (service,) = listed(statement["Principal"]["Service"])
        assert service in SAYING_FOR_WHOM | set(SILENT)
        if service in SAYING_FOR_WHOM:
            condition = statement["Condition"]
            assert condition["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
            assert {**condition["StringEquals"], **condition.get("ArnLike", {})}["aws:SourceArn"]


def test_the_only_managed_policy_is_that_of_batch_s_instances() -> None:
    managed = [policy for role in ROLES.values() for policy in role.get("ManagedPolicyArns", [])]
    assert managed == [{"Sub": MANAGED}]


def test_a_condition_that_would_stop_deliveries_is_not_there() -> None:
    # EventBridge supports no conditions in a topic's policy, nor in that of a key for a topic.
    for topic in everywhere("AWS::SNS::TopicPolicy").values():
        for statement in statements(topic["PolicyDocument"]):
            assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    for key in everywhere("AWS::KMS::Key").values():
        for statement in statements(key["KeyPolicy"]):
            if "events.amazonaws.com" in listed(statement["Principal"].get("Service", [])):
                assert "Condition" not in statement


def test_every_policy_of_a_resource_is_narrow() -> None:
    for policy in everywhere("AWS::SQS::QueuePolicy").values():
        for statement in statements(policy["PolicyDocument"]):
            assert statement["Action"] == "sqs:SendMessage"
            assert statement["Condition"]["ArnEquals"]["aws:SourceArn"]


@pytest.mark.parametrize("permission", everywhere("AWS::Lambda::Permission").values())
def test_a_function_may_be_called_by_its_rule_only(permission: dict[str, Any]) -> None:
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"]


def test_only_the_project_s_own_group_of_schedules_may_use_the_scheduler_s_role() -> None:
    (trust,) = statements(ROLES[f"{SCHEDULE}:SchedulerRole"]["AssumeRolePolicyDocument"])
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"] == {"GetAtt": "Group.Arn"}


def test_the_gallery_s_function_may_write_its_own_files_and_nothing_else() -> None:
    writing = [each for each in granted(f"{RULES}:GalleryRole") if "s3:PutObject" in listed(each["Action"])]
    (statement,) = writing
    assert names.gallery_file("data/") in str(statement["Resource"])
    for key in (names.gallery_directory(), names.gallery_index("00"), names.gallery_shelf("0" * 32)):
        assert key.startswith(names.gallery_file("data/"))
