"""Schedules of a project: an order, when it is due, and whether it can be made as it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from batchkit.aws.schedules import Schedule, Schedules
from batchkit.aws.stacks import Stacks
from batchkit.errors import BatchkitError, ConfigError
from batchkit.planning import names, timetable
from batchkit.runs import orders

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.project import Project

# Stricter than Scheduler's: the name becomes a part of the job's, which has no dots.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Of the stack's own schedule (cloudformation/schedule.yaml).
RESERVED = "sweep"

NEXT = 3

Change = Literal["added", "replaced", "unchanged"]


@dataclass(frozen=True)
class Entry:
    """A schedule as people see it: `order` is None where it is none of batchkit's; `next` in UTC."""

    schedule: Schedule
    order: orders.Sweep | orders.Submit | None
    next: tuple[datetime, ...]

    def as_json(self) -> dict[str, Any]:
        schedule = self.schedule
        return {
            "name": schedule.name,
            "expression": schedule.expression,
            "timezone": schedule.zone,
            "window": schedule.window,
            "enabled": schedule.enabled,
            "order": json.loads(self.order.text) if self.order else None,
            "next": [each.isoformat() for each in self.next],
        }


def of(project: Project, clients: Clients) -> Schedules:
    """The project's schedules. Raises ConfigError when it is not deployed."""
    outputs = Stacks(clients.cloudformation).outputs(names.stack(project.name, "schedule"))
    return Schedules(
        client=clients.scheduler,
        group=outputs["ScheduleGroup"],
        role=outputs["SchedulerRoleArn"],
        dead_letters=outputs["ScheduleDeadLettersArn"],
    )


def plan(
    project: Project,
    name: str,
    expression: str,
    order: orders.Sweep | orders.Submit,
    *,
    zone: str = "UTC",
    window: int = 0,
    now: datetime,
) -> Entry:
    """The schedule to make, checked. Raises ConfigError for what Scheduler, Batch or operations would refuse,
    and for a time that has passed."""
    _check_name(name)
    _check_order(order, project)
    table = timetable.parse(expression, zone)
    due = tuple(table.next(now, NEXT))
    if not due:
        raise ConfigError(
            "the schedule would never be due",
            found=f"{expression} in {zone}",
            expected=f"a time after {now:%Y-%m-%dT%H:%M:%S} UTC",
        )
    schedule = Schedule(
        name=name,
        expression=table.expression,
        zone=zone,
        window=window,
        description=str(order)[:512],
        input=_input(project.name, name, order),
        once=table.is_one_time,
    )
    return Entry(schedule, order, due)


def add(schedules: Schedules, wanted: Entry, *, replace: bool = False) -> Change:
    """Make the schedule, unless it is there. Raises ConfigError when another one has its name."""
    found = schedules.get(wanted.schedule.name)
    if found is None:
        schedules.create(wanted.schedule)
        return "added"
    if found.wish == wanted.schedule.wish:
        return "unchanged"
    if not replace:
        raise ConfigError(
            f"there is another schedule '{found.name}'",
            found=f"{found.expression} in {found.zone}: {found.description}",
            expected="a new name",
            fix="take another name, or replace it with --replace",
        )
    schedules.update(wanted.schedule)
    return "replaced"


def entries(schedules: Schedules, now: datetime) -> Iterator[Entry]:
    """All schedules, and when they are due next."""
    for schedule in schedules.all():
        yield Entry(schedule, _order(schedule), _next(schedule, now))


def remove(schedules: Schedules, given: Sequence[str]) -> dict[str, bool]:
    """Delete schedules: name → whether there was one. Raises ConfigError for the stack's own."""
    for name in given:
        _check_name(name)
    return {name: schedules.delete(name) for name in given}


def _check_name(name: str) -> None:
    if name == RESERVED:
        raise ConfigError(
            f"the schedule '{RESERVED}' is batchkit.toml's",
            found=name,
            expected="another name",
            fix="change [schedule] sweep, and deploy",
        )
    if not NAME.fullmatch(name):
        raise ConfigError(
            "this is not a schedule's name",
            found=name,
            expected="a letter or digit, then at most 63 letters, digits, '_' or '-'",
        )


def _check_order(order: orders.Sweep | orders.Submit, project: Project) -> None:
    orders.request(order, project)
    if len(order.text) > orders.MAX_CHARACTERS:
        raise ConfigError(
            "the order is too long to travel with a job",
            found=f"{len(order.text):,} characters",
            expected=f"at most {orders.MAX_CHARACTERS:,}",
            fix="use fewer or shorter globs",
        )


def _input(project: str, name: str, order: orders.Order) -> str:
    """SubmitJob's request, with Scheduler's word for the time that it is due."""
    return json.dumps(
        {
            "JobName": f"{project}-{name}",
            "JobQueue": f"{project}-bulk",
            "JobDefinition": f"{project}-operations",
            "Parameters": {"order": order.text, "time": "<aws.scheduler.scheduled-time>"},
        }
    )


def _order(schedule: Schedule) -> orders.Sweep | orders.Submit | None:
    try:
        order = orders.parse(json.loads(schedule.input)["Parameters"]["order"])
    except (BatchkitError, KeyError, TypeError, ValueError):
        return None
    return None if isinstance(order, orders.Report) else order


def _next(schedule: Schedule, now: datetime) -> tuple[datetime, ...]:
    """Nothing for what is off, and for an expression that this version does not read."""
    if not schedule.enabled:
        return ()
    try:
        table = timetable.parse(schedule.expression, schedule.zone)
    except ConfigError:
        return ()
    base = schedule.created.astimezone(UTC) if schedule.created else now
    return tuple(table.next(now, NEXT, base))
