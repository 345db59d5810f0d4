"""The local EventBridge Scheduler: what is due fires once, with the schedule's role, or ends in its queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.stack_world import ACCOUNT, REGION, StackWorld, running

from batchkit.local.batch.faults import BatchFault
from batchkit.local.events.targets.services import Services
from batchkit.local.schedules.scheduler import LocalScheduler

SUBMIT_JOB = "arn:aws:scheduler:::aws-sdk:batch:submitJob"
GROUP = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default"
DAY = timedelta(days=1)
INPUT = {
    "JobName": "nightly",
    "JobQueue": "jobs",
    "JobDefinition": "work",
    "Parameters": {"time": "<aws.scheduler.scheduled-time>"},
    "ArrayProperties": {"Size": 2},
}


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Clockwork:
    """A stack with a job queue, schedules, and a time that the test moves."""

    def __init__(self, world: StackWorld) -> None:
        self.world = world
        self.client = world.client("scheduler")
        self.dead = world.queue("schedule-dead-letters", open_to_events=False)
        self.now = datetime.now(UTC)
        world.client("batch").register_job_definition(
            jobDefinitionName="work",
            type="container",
            containerProperties={
                "image": "x",
                "command": ["operate", "Ref::time"],
                "resourceRequirements": [
                    {"type": "VCPU", "value": "1"},
                    {"type": "MEMORY", "value": "128"},
                ],
            },
        )
        self._make_queue()
        self.role = self.make_role("scheduler", {"aws:SourceArn": GROUP, "aws:SourceAccount": ACCOUNT})

    def _make_queue(self) -> None:
        batch, ec2 = self.world.client("batch"), self.world.client("ec2")
        environment = batch.create_compute_environment(
            computeEnvironmentName="anywhere",
            type="MANAGED",
            state="ENABLED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 4,
                "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
            },
            serviceRole=self.world.role("batch-service", "batch.amazonaws.com", "*"),
        )["computeEnvironmentArn"]
        batch.create_job_queue(
            jobQueueName="jobs",
            state="ENABLED",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
        )

    def make_role(self, name: str, context: dict[str, str], actions: tuple[str, ...] = ()) -> str:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": context},
        }
        allowed = {
            "Effect": "Allow",
            "Action": actions or ("batch:SubmitJob", "sqs:SendMessage"),
            "Resource": "*",
        }
        iam = self.world.iam
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(allowed))
        return str(arn["Role"]["Arn"])

    def schedule(self, name: str, expression: str, target: dict[str, Any] | None = None, **more: Any) -> None:
        given: dict[str, Any] = {
            "Arn": SUBMIT_JOB,
            "RoleArn": self.role,
            "Input": json.dumps(INPUT),
            "DeadLetterConfig": {"Arn": self.dead},
            **(target or {}),
        }
        self.client.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=given,
            **more,
        )

    def advance(self, by: timedelta) -> list[tuple[str, ...]]:
        """Let time pass; the commands of the jobs that started."""
        before = len(self.world.executor.tasks)
        self.now += by
        self.world.stack.scheduler.advance(self.now)
        self.world.settle()
        return [task.command for task in self.world.executor.tasks[before:]]

    def dead_letters(self) -> list[dict[str, Any]]:
        messages = self.world.messages(self.dead)
        return [
            {
                "body": message["Body"],
                **{n: v["StringValue"] for n, v in message["MessageAttributes"].items()},
            }
            for message in messages
        ]

    @property
    def names(self) -> list[str]:
        return [each["Name"] for each in self.client.list_schedules()["Schedules"]]


@pytest.fixture
def clockwork() -> Iterator[Clockwork]:
    with running() as world:
        yield Clockwork(world)


def at(moment: datetime) -> str:
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def test_what_is_due_submits_the_job_once_and_says_when_it_was_due(clockwork: Clockwork) -> None:
    clockwork.schedule("nightly", "cron(0 3 * * ? *)")
    midnight = (clockwork.now + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    # Before three in the morning, today's time is still to come.
    clockwork.advance(midnight - clockwork.now)
    assert clockwork.advance(timedelta(hours=2)) == []
    due = f"{midnight:%Y-%m-%d}T03:00:00Z"
    assert clockwork.advance(timedelta(hours=2)) == [("operate", due)] * 2
    assert clockwork.advance(timedelta(hours=2)) == []
    assert clockwork.advance(DAY)[0] != ("operate", due)


def test_of_times_that_passed_unseen_the_latest_counts(clockwork: Clockwork) -> None:
    clockwork.schedule("often", "rate(1 minute)")
    assert len(clockwork.advance(timedelta(hours=1))) == 2


def test_a_disabled_schedule_and_one_that_has_ended_do_not_fire(clockwork: Clockwork) -> None:
    clockwork.schedule("off", "rate(1 hour)", State="DISABLED")
    clockwork.schedule("over", "rate(1 hour)", EndDate=clockwork.now + timedelta(minutes=30))
    clockwork.schedule("later", "rate(1 hour)", StartDate=clockwork.now + 3 * DAY)
    assert clockwork.advance(DAY) == []


def test_a_one_time_schedule_goes_when_it_asked_for_that(clockwork: Clockwork) -> None:
    soon = clockwork.now + timedelta(hours=1)
    clockwork.schedule("stays", at(soon))
    clockwork.schedule("goes", at(soon), ActionAfterCompletion="DELETE")
    assert len(clockwork.advance(DAY)) == 4
    assert clockwork.names == ["stays"]
    assert clockwork.advance(DAY) == []


def test_a_changed_schedule_counts_as_it_is_now(clockwork: Clockwork) -> None:
    soon = clockwork.now + timedelta(hours=1)
    clockwork.schedule("moved", at(soon))
    target = clockwork.client.get_schedule(Name="moved")["Target"]
    clockwork.client.update_schedule(
        Name="moved",
        ScheduleExpression=at(soon + DAY),
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        ActionAfterCompletion="DELETE",
    )
    assert clockwork.advance(timedelta(hours=2)) == []
    assert len(clockwork.advance(DAY)) == 2
    assert clockwork.names == []


def test_a_function_is_invoked_with_the_role_of_its_schedule(clockwork: Clockwork) -> None:
    arn = clockwork.world.function("looked", "def handler(event, context): print(event['at'])")
    target = {"Arn": arn, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'}
    clockwork.schedule("forbidden", "rate(1 hour)", target)
    role = clockwork.make_role("invoker", {"aws:SourceArn": GROUP}, ("lambda:InvokeFunction",))
    clockwork.schedule("look", "rate(1 hour)", {**target, "RoleArn": role})
    clockwork.advance(timedelta(hours=1, minutes=1))
    events = clockwork.world.client("logs").filter_log_events(logGroupName="/aws/lambda/looked")["events"]
    assert len([each for each in events if each["message"].startswith("20")]) == 1
    (letter,) = clockwork.dead_letters()
    assert (letter["ERROR_CODE"], letter["TARGET_ARN"]) == ("NO_PERMISSIONS", arn)


@pytest.mark.parametrize(
    ("change", "code", "why"),
    [
        ({"Input": '{"jobName": "x"}'}, "INVALID_PARAMETER", "capitalised"),
        ({"Input": "no json"}, "INVALID_JSON", "no JSON"),
        ({"Input": json.dumps({**INPUT, "JobQueue": "nowhere"})}, "INVALID_PARAMETER", "nowhere"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}, "UNSUPPORTED", "submitJob"),
    ],
)
def test_what_cannot_be_submitted_lies_in_the_dead_letter_queue_with_its_input(
    clockwork: Clockwork, change: dict[str, Any], code: str, why: str
) -> None:
    clockwork.schedule("broken", "rate(1 hour)", change)
    assert clockwork.advance(timedelta(hours=1, minutes=1)) == []
    (letter,) = clockwork.dead_letters()
    assert (letter["ERROR_CODE"], letter["TARGET_ARN"]) == (code, change.get("Arn", SUBMIT_JOB))
    assert why in letter["ERROR_MESSAGE"]
    assert letter["SCHEDULE_ARN"].endswith("schedule/default/broken")
    assert "<aws.scheduler" not in letter["body"]


class Busy:
    """A Batch that throttles so often before it takes a job."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked: list[dict[str, Any]] = []

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(parameters)
        if len(self.asked) <= self.times:
            raise BatchFault("TooManyRequestsException", "slow down", 429)
        return {"jobId": "1"}


def fired(clockwork: Clockwork, batch: Busy) -> None:
    """What is due within a day fires at `batch`."""
    stack = clockwork.world.stack
    services = Services(stack.backends, batch, stack.invocations)
    scheduler = LocalScheduler(services, scale=0)
    scheduler.advance(clockwork.now + DAY)
    assert scheduler.drain(60)
    scheduler.close()


def test_a_throttled_firing_is_tried_again_with_the_same_scheduled_time(clockwork: Clockwork) -> None:
    target = {"Input": json.dumps({**INPUT, "Parameters": {"try": "<aws.scheduler.attempt-number>"}})}
    clockwork.schedule("patient", at(clockwork.now + timedelta(hours=1)), target)
    batch = Busy(times=2)
    fired(clockwork, batch)
    assert [each["parameters"]["try"] for each in batch.asked] == ["1", "2", "3"]
    assert clockwork.dead_letters() == []


def test_a_firing_that_is_tried_too_often_is_a_dead_letter_that_says_so(clockwork: Clockwork) -> None:
    target = {"RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}}
    clockwork.schedule("once", at(clockwork.now + timedelta(hours=1)), target, ActionAfterCompletion="DELETE")
    batch = Busy(times=9)
    fired(clockwork, batch)
    assert len(batch.asked) == 3
    (letter,) = clockwork.dead_letters()
    assert (letter["ERROR_CODE"], letter["RETRY_ATTEMPTS"]) == ("THROTTLING", "2")
    assert letter["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert clockwork.names == []


def test_a_role_that_trusts_another_group_is_not_enough(clockwork: Clockwork) -> None:
    other = clockwork.make_role("other", {"aws:SourceArn": GROUP.replace("default", "other")})
    clockwork.schedule("stolen", "rate(1 hour)", {"RoleArn": other})
    assert clockwork.advance(DAY) == []
    (letter,) = clockwork.dead_letters()
    assert letter["ERROR_CODE"] == "FAILED_TO_ASSUME_ROLE"


def test_a_role_that_may_not_submit_and_not_send_loses_the_firing_and_the_stack_says_so(
    clockwork: Clockwork,
) -> None:
    weak = clockwork.make_role("weak", {"aws:SourceArn": GROUP}, ("sns:Publish",))
    clockwork.schedule("weak", "rate(1 hour)", {"RoleArn": weak})
    clockwork.advance(DAY)
    assert clockwork.dead_letters() == []
    (told,) = [trace.text for trace in clockwork.world.traces if trace.kind == "dead-letter"]
    assert "NO_PERMISSIONS" in told
    assert "lost, the schedule's role may not send" in told


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expression": "cron(0 3 * * * *)"}, "ValidationException"),
        ({"expression": "at(2027-01-01T00:00:00Z)"}, "ValidationException"),
        ({"ScheduleExpressionTimezone": "Europe/Pariss"}, "ValidationException"),
        ({"GroupName": "nobodys"}, "ResourceNotFoundException"),
    ],
)
def test_what_scheduler_refuses_is_refused_here(
    clockwork: Clockwork, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(clockwork.client.exceptions.ClientError) as caught:
        clockwork.schedule("wrong", **{"expression": "rate(1 day)", **change})
    assert caught.value.response["Error"]["Code"] == code
