"""Events through the deployed rules to SQS, SNS, Lambda and Batch, and where they end when they cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.stack_world import ACCOUNT, REGION, policy_for

if TYPE_CHECKING:
    from support.stack_world import StackWorld


def dead_letter(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_an_event_reaches_every_target_of_every_rule_that_it_matches(world: StackWorld) -> None:
    one, two = world.queue("fan-1"), world.queue("fan-2")
    world.rule("fan-a", {"detail": {"fan": [{"prefix": "y"}]}}, {"Arn": one}, {"Arn": two})
    world.rule("fan-b", {"detail": {"fan": ["yes"]}}, {"Arn": two, "InputPath": "$.detail"})
    world.put_event({"fan": "yes"})
    world.put_event({"fan": "no"})
    assert [body["detail"] for body in world.bodies(one)] == [{"fan": "yes"}]
    assert sorted("detail" in body for body in world.bodies(two)) == [False, True]


def test_a_disabled_rule_and_a_rule_of_another_bus_deliver_nothing(world: StackWorld) -> None:
    queue = world.queue("quiet")
    pattern = {"detail": {"quiet": [True]}}
    world.rule("off", pattern, {"Arn": queue})
    world.events.disable_rule(Name="off")
    world.events.create_event_bus(Name="other")
    world.events.put_rule(Name="elsewhere", EventBusName="other", EventPattern=json.dumps(pattern))
    world.events.put_targets(Rule="elsewhere", EventBusName="other", Targets=[{"Id": "1", "Arn": queue}])
    world.put_event({"quiet": True})
    assert world.bodies(queue) == []
    entry = {"Source": "s", "DetailType": "t", "Detail": '{"quiet": true}', "EventBusName": "other"}
    world.events.put_events(Entries=[entry])
    assert len(world.bodies(queue)) == 1


def test_a_template_in_quotes_reaches_an_sns_subscriber_with_its_quotes(world: StackWorld) -> None:
    sns, queue = world.client("sns"), world.queue("mail")
    topic = sns.create_topic(Name="mail")["TopicArn"]
    policy = json.dumps(policy_for("sns:Publish", topic))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    transformer = {"InputPathsMap": {"n": "$.detail.mail"}, "InputTemplate": '"first <n>"\n"second"'}
    world.rule(
        "mail", {"detail": {"mail": [{"exists": True}]}}, {"Arn": topic, "InputTransformer": transformer}
    )
    world.put_event({"mail": "é"})
    [body] = world.bodies(queue)
    assert body["Message"] == '"first é"\n"second"'
    [trace] = [trace for trace in world.traces if trace.kind == "message"]
    assert (trace.text, trace.data["message"]) == ('"first é"', body["Message"])


def test_a_topic_that_does_not_let_eventbridge_in_gets_nothing(world: StackWorld) -> None:
    sns, dead = world.client("sns"), world.queue("closed-topic-dead")
    topic = sns.create_topic(Name="closed-topic")["TopicArn"]
    target = {"Arn": topic, "DeadLetterConfig": {"Arn": dead}}
    world.rule("closed-topic", {"detail": {"closed-topic": [1]}}, target)
    world.put_event({"closed-topic": 1})
    [message] = world.messages(dead)
    assert dead_letter(message)["ERROR_CODE"] == "NO_PERMISSIONS"


def test_an_undeliverable_event_lies_in_the_dead_letter_queue_as_it_was(world: StackWorld) -> None:
    dead = world.queue("gone-dead")
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:does-not-exist"
    target = {"Arn": gone, "DeadLetterConfig": {"Arn": dead}, "InputPath": "$.detail"}
    world.rule("gone", {"detail": {"gone": [True]}}, target)
    world.put_event({"gone": True})
    [message] = world.messages(dead)
    assert json.loads(message["Body"])["detail"] == {"gone": True}
    assert json.loads(message["Body"])["detail-type"] == "Test"
    letter = dead_letter(message)
    assert letter.pop("ERROR_MESSAGE").startswith("the queue does not exist")
    assert letter == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/gone",
        "TARGET_ARN": gone,
        "ERROR_CODE": "NO_RESOURCE",
    }


def test_a_dead_letter_queue_without_a_policy_loses_the_event_with_a_trace(world: StackWorld) -> None:
    dead = world.queue("shut-dead", open_to_events=False)
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:does-not-exist"
    world.rule("shut", {"detail": {"shut": [1]}}, {"Arn": gone, "DeadLetterConfig": {"Arn": dead}})
    world.put_event({"shut": 1})
    assert world.messages(dead) == []
    [trace] = [each for each in world.traces if each.kind == "dead-letter" and "shut:" in each.text]
    assert "does not allow events.amazonaws.com" in str(trace.data["lost"])


def test_a_quote_in_a_key_ends_as_invalid_json_and_other_uploads_go_on(world: StackWorld) -> None:
    bucket, queue, dead = world.bucket("quotes"), world.queue("quotes"), world.queue("quotes-dead")
    transformer = {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": '{"key": <key>}'}
    target = {"Arn": queue, "InputTransformer": transformer, "DeadLetterConfig": {"Arn": dead}}
    world.rule("quotes", {"detail": {"bucket": {"name": [bucket]}}}, target)
    for key in ('say "hi".jpg', "plain.jpg"):
        world.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert world.bodies(queue) == [{"key": "plain.jpg"}]
    [message] = world.messages(dead)
    assert dead_letter(message)["ERROR_CODE"] == "INVALID_JSON"
    assert json.loads(message["Body"])["detail"]["object"]["key"] == 'say "hi".jpg'


def test_a_target_kind_that_is_not_played_here_says_so(world: StackWorld) -> None:
    dead = world.queue("states-dead")
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
    world.rule("states", {"detail": {"states": [1]}}, {"Arn": machine, "DeadLetterConfig": {"Arn": dead}})
    world.put_event({"states": 1})
    [message] = world.messages(dead)
    assert "batch, lambda, sns, sqs" in dead_letter(message)["ERROR_MESSAGE"]


@pytest.fixture(scope="module")
def batch_rule(world: StackWorld) -> dict[str, Any]:
    """A queue and a definition, and a target that submits to them."""
    batch, ec2 = world.client("batch"), world.client("ec2")
    role = world.role("batch-service", "batch.amazonaws.com", "*")
    batch.create_compute_environment(
        computeEnvironmentName="spot",
        type="MANAGED",
        state="ENABLED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 4,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
        serviceRole=role,
    )
    queue = batch.create_job_queue(
        jobQueueName="q",
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "spot"}],
    )["jobQueueArn"]
    batch.register_job_definition(
        jobDefinitionName="work",
        type="container",
        parameters={"bucket": "none", "key": "none"},
        containerProperties={
            "image": "worker",
            "command": ["upload", "Ref::bucket", "Ref::key"],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
        },
    )
    return {
        "Arn": queue,
        "RoleArn": world.role("submit", "events.amazonaws.com", "batch:SubmitJob"),
        "BatchParameters": {"JobDefinition": "work", "JobName": "work"},
        "DeadLetterConfig": {"Arn": world.queue("batch-dead")},
    }


TO_PARAMETERS = {
    "InputPathsMap": {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key"},
    "InputTemplate": '{"Parameters": {"bucket": <bucket>, "key": <key>}, '
    '"ContainerOverrides": {"Environment": [{"Name": "N", "Value": "<key>"}]}}',
}


def test_an_upload_submits_an_array_job_with_its_key(world: StackWorld, batch_rule: dict[str, Any]) -> None:
    bucket = world.bucket("to-batch")
    parameters = {**batch_rule["BatchParameters"], "ArrayProperties": {"Size": 3}}
    target = {**batch_rule, "BatchParameters": parameters, "InputTransformer": TO_PARAMETERS}
    world.rule("to-batch", {"detail": {"bucket": {"name": [bucket]}}}, target)
    world.s3.put_object(Bucket=bucket, Key="a b/ü+.jpg", Body=b"x")
    world.settle()
    tasks = [task for task in world.executor.tasks if bucket in task.command]
    assert [task.command for task in tasks] == [("upload", bucket, "a b/ü+.jpg")] * 3
    assert {task.environment["AWS_BATCH_JOB_ARRAY_INDEX"] for task in tasks} == {"0", "1", "2"}
    assert {task.environment["N"] for task in tasks} == {"a b/ü+.jpg"}


def test_the_job_that_an_event_started_tells_the_bus_how_it_went(
    world: StackWorld, batch_rule: dict[str, Any]
) -> None:
    back = world.queue("back")
    pattern = {"source": ["aws.batch"], "detail": {"status": ["SUCCEEDED"], "jobName": ["told"]}}
    world.rule("back", pattern, {"Arn": back})
    told = {**batch_rule, "BatchParameters": {"JobDefinition": "work", "JobName": "told"}}
    world.rule("told", {"detail": {"told": [1]}}, told)
    world.put_event({"told": 1})
    [event] = world.bodies(back)
    assert event["detail-type"] == "Batch Job State Change"
    assert event["detail"]["parameters"] == {"bucket": "none", "key": "none"}


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        (
            "no-definition",
            {"BatchParameters": {"JobDefinition": "gone", "JobName": "x"}},
            "INVALID_PARAMETER",
        ),
        ("no-role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/gone"}, "FAILED_TO_ASSUME_ROLE"),
        (
            "array-of-one",
            {"BatchParameters": {"JobDefinition": "work", "JobName": "x", "ArrayProperties": {"Size": 1}}},
            "INVALID_PARAMETER",
        ),
        ("number", {"Input": '{"Parameters": {"size": 5}}'}, "INVALID_PARAMETER"),
        ("not-an-object", {"Input": '"text"'}, "INVALID_JSON"),
    ],
)
def test_what_batch_refuses_is_buried_without_a_retry(
    world: StackWorld, batch_rule: dict[str, Any], name: str, change: dict[str, Any], code: str
) -> None:
    target = {name: value for name, value in {**batch_rule, **change}.items() if value}
    world.rule(name, {"detail": {"refused": [name]}}, target)
    world.put_event({"refused": name})
    [message] = world.messages(batch_rule["DeadLetterConfig"]["Arn"])
    letter = dead_letter(message)
    assert letter["ERROR_CODE"] == code
    assert "RETRY_ATTEMPTS" not in letter


def test_a_role_that_allows_the_queue_but_not_the_definition_is_not_enough(
    world: StackWorld, batch_rule: dict[str, Any]
) -> None:
    half = world.role("half", "events.amazonaws.com", "batch:SubmitJob", batch_rule["Arn"])
    world.rule("half", {"detail": {"half": [1]}}, {**batch_rule, "RoleArn": half})
    world.put_event({"half": 1})
    [message] = world.messages(batch_rule["DeadLetterConfig"]["Arn"])
    letter = dead_letter(message)
    assert letter["ERROR_CODE"] == "NO_PERMISSIONS"
    assert letter["ERROR_MESSAGE"].endswith("job-definition/work")
