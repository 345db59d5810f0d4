"""Events: undeliverable ones, lost ones, notifications that are off, alarms."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.aws.errors import translated
from batchkit.aws.metrics import Metrics
from batchkit.aws.stacks import Stacks
from batchkit.deploy.doctor.finding import Finding, System
from batchkit.deploy.replay import dead_letter_queues

DAYS = 7
NAMESPACE = "AWS/Events"


def dead_letters(system: System) -> Iterator[Finding]:
    """Events that could not be delivered wait two weeks, then they are gone."""
    stacks = Stacks(system.clients.cloudformation)
    for queue in dead_letter_queues(system.clients, stacks, system.stacks):
        count = queue.count()
        if count:
            yield Finding(
                "dead-letters",
                f"{count:,} dead letters in {queue.name}",
                "these uploads, job ends or sweeps were not acted on; SQS drops them after two weeks",
                "batchkit dlq list; remove the cause; batchkit dlq replay",
            )


def lost_events(system: System) -> Iterator[Finding]:
    """Failed deliveries of the rules, and those that did not even reach the dead letters."""
    metrics, now = Metrics(system.clients.cloudwatch), system.clock()
    for rule in sorted(system.resources("AWS::Events::Rule").values()):
        name = rule.rsplit("/", 1)[-1].rsplit("|", 1)[-1]
        dimensions = {"RuleName": name}
        lost = metrics.total(NAMESPACE, "InvocationsFailedToBeSentToDlq", dimensions, now, DAYS)
        if lost:
            yield Finding(
                "lost-events",
                f"{lost:,.0f} events of the rule {name} were lost in {DAYS} days",
                "EventBridge could neither deliver them nor put them into the dead-letter queue",
                "batchkit deploy restores the queue's policy; batchkit sweep makes what was missed",
            )
        failed = metrics.total(NAMESPACE, "FailedInvocations", dimensions, now, DAYS)
        if failed:
            yield Finding(
                "failed-deliveries",
                f"{failed:,.0f} deliveries of the rule {name} failed for good in {DAYS} days",
                "the target refused them, or was not there",
                "batchkit dlq list says why",
            )


def notifications(system: System) -> Iterator[Finding]:
    """A bucket that tells EventBridge nothing starts nothing."""
    bucket = system.project.upload.bucket
    with translated(f"reading the notifications of the bucket '{bucket}'"):
        configuration = system.clients.s3.get_bucket_notification_configuration(Bucket=bucket)
    if "EventBridgeConfiguration" not in configuration:
        yield Finding(
            "notifications-off",
            f"the bucket {bucket} does not tell EventBridge of uploads",
            "no upload starts a job",
            "batchkit deploy switches it on for its own bucket; for another, its properties do (EventBridge)",
        )


def disabled_rules(system: System) -> Iterator[Finding]:
    """A rule that somebody switched off."""
    for physical in sorted(system.resources("AWS::Events::Rule").values()):
        name = physical.rsplit("/", 1)[-1].rsplit("|", 1)[-1]
        with translated(f"reading the rule '{name}'"):
            state = system.clients.events.describe_rule(Name=name)["State"]
        if state == "DISABLED":
            yield Finding(
                "rule-disabled",
                f"the rule {name} is disabled",
                "its events are dropped, without a dead letter",
                f"aws events enable-rule --name {name}; then batchkit sweep",
            )


def alarms(system: System) -> Iterator[Finding]:
    """Alarms of the project's stacks that ring. Another project's name may begin with this one's."""
    ours = set(system.resources("AWS::CloudWatch::Alarm").values())
    ringing = Metrics(system.clients.cloudwatch).ringing(f"{system.project.name}-")
    for alarm in (one for one in ringing if one.name in ours):
        yield Finding(
            "alarm", f"the alarm {alarm.name} rings", alarm.reason, "see the dashboard, and the findings here"
        )
