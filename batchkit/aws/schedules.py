"""EventBridge schedules of one group: read, make, change, delete. A target is always SubmitJob's.

Through the API, not CloudFormation: only there can a one-time schedule delete itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from batchkit.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

# "The target of a universal target is arn:aws:scheduler:::aws-sdk:service:apiAction" (Scheduler User Guide).
SUBMIT_JOB = "scheduler:::aws-sdk:batch:submitJob"

# An order that could not be submitted for an hour is late; the next one, or a person, will see to it.
RETRIES = {"MaximumRetryAttempts": 30, "MaximumEventAgeInSeconds": 3600}


@dataclass(frozen=True)
class Schedule:
    """A schedule as it shall be, or is. `window` in minutes, 0 for none; `input` is SubmitJob's, as JSON."""

    name: str
    expression: str
    zone: str
    window: int
    description: str
    input: str
    enabled: bool = True
    once: bool = False
    created: datetime | None = None

    @property
    def wish(self) -> tuple[Any, ...]:
        """What a person decides of it."""
        return self.name, self.expression, self.zone, self.window, self.input, self.enabled, self.once


@dataclass(frozen=True)
class Schedules:
    """The schedules of `group`. They submit with `role`, and what they cannot submit goes to `dead_letters`.

    All calls raise Throttled, PermissionDenied or ConfigError.
    """

    client: EventBridgeSchedulerClient
    group: str
    role: str
    dead_letters: str

    def all(self) -> Iterator[Schedule]:
        """By name."""
        pages = self.client.get_paginator("list_schedules").paginate(GroupName=self.group)
        with translated(f"listing the schedules of '{self.group}'"):
            names = sorted(each["Name"] for page in pages for each in page["Schedules"])
        yield from filter(None, map(self.get, names))

    def get(self, name: str) -> Schedule | None:
        with translated(f"reading the schedule '{name}'"):
            try:
                found = self.client.get_schedule(GroupName=self.group, Name=name)
            except self.client.exceptions.ResourceNotFoundException:
                return None
        return _schedule(found)

    def create(self, schedule: Schedule) -> None:
        with translated(f"making the schedule '{schedule.name}'"):
            self.client.create_schedule(**self._request(schedule))

    def update(self, schedule: Schedule) -> None:
        with translated(f"changing the schedule '{schedule.name}'"):
            self.client.update_schedule(**self._request(schedule))

    def delete(self, name: str) -> bool:
        """False when there was none."""
        with translated(f"deleting the schedule '{name}'"):
            try:
                self.client.delete_schedule(GroupName=self.group, Name=name)
            except self.client.exceptions.ResourceNotFoundException:
                return False
        return True

    def _request(self, schedule: Schedule) -> Any:
        window: dict[str, Any] = {"Mode": "OFF"}
        if schedule.window:
            window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": schedule.window}
        # The partition is the role's: aws, aws-cn, aws-us-gov.
        partition = self.role.split(":")[1]
        return {
            "GroupName": self.group,
            "Name": schedule.name,
            "Description": schedule.description,
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.zone,
            "FlexibleTimeWindow": window,
            "State": "ENABLED" if schedule.enabled else "DISABLED",
            "ActionAfterCompletion": "DELETE" if schedule.once else "NONE",
            "Target": {
                "Arn": f"arn:{partition}:{SUBMIT_JOB}",
                "RoleArn": self.role,
                "Input": schedule.input,
                "RetryPolicy": RETRIES,
                "DeadLetterConfig": {"Arn": self.dead_letters},
            },
        }


def _schedule(found: Mapping[str, Any]) -> Schedule:
    return Schedule(
        name=found["Name"],
        expression=found["ScheduleExpression"],
        zone=found.get("ScheduleExpressionTimezone") or "UTC",
        window=found["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0),
        description=found.get("Description") or "",
        input=found["Target"].get("Input") or "",
        enabled=found.get("State", "ENABLED") == "ENABLED",
        once=found.get("ActionAfterCompletion") == "DELETE",
        created=found.get("CreationDate"),
    )
