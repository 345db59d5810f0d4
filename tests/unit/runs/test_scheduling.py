"""Schedules of a project: checked before they are made, made once, and told when they are due."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from support.cloud import cloud
from support.projects import photos

from batchkit.aws.schedules import Schedules
from batchkit.errors import ConfigError
from batchkit.planning.timetable import MAX_CHARACTERS
from batchkit.runs import operations, orders, scheduling

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PREFIX = "s3://photos-originals/in/"


@pytest.fixture
def schedules() -> Iterator[Schedules]:
    with cloud() as clients:
        clients.scheduler.create_schedule_group(Name="photos")
        role, queue = "arn:aws:iam::1:role/r", "arn:aws:sqs:us-east-1:1:dead"
        yield Schedules(clients.scheduler, "photos", role, queue)


def planned(name: str = "weekly", expression: str = "cron(0 3 ? * SUN *)", **more: Any) -> scheduling.Entry:
    order = more.pop("order", orders.Sweep(max_cost=20))
    return scheduling.plan(photos(2), name, expression, order, **{"now": NOW, **more})


def test_a_schedule_is_added_once_and_replaced_only_when_asked(schedules: Schedules) -> None:
    assert scheduling.add(schedules, planned()) == "added"
    assert scheduling.add(schedules, planned()) == "unchanged"
    other = planned(expression="rate(2 days)")
    with pytest.raises(ConfigError, match="--replace"):
        scheduling.add(schedules, other)
    assert scheduling.add(schedules, other, replace=True) == "replaced"
    (entry,) = scheduling.entries(schedules, NOW)
    assert entry.schedule.expression == "rate(2 days)"


def test_what_is_submitted_is_what_the_operations_job_reads(schedules: Schedules) -> None:
    order = orders.Submit(source=PREFIX, changed_only=True)
    scheduling.add(schedules, planned(order=order, zone="Europe/Paris", window=30))
    target = schedules.client.get_schedule(GroupName="photos", Name="weekly")["Target"]
    assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:batch:submitJob"
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 30, "MaximumEventAgeInSeconds": 3600}
    request = json.loads(target["Input"])
    assert (request["JobName"], request["JobQueue"]) == ("photos-weekly", "photos-bulk")
    assert tuple(request["Parameters"]) == operations.ARGUMENTS
    assert orders.parse(request["Parameters"]["order"]) == order


def test_a_list_says_what_is_done_and_when_it_is_due_next(schedules: Schedules) -> None:
    scheduling.add(schedules, planned(zone="Europe/Paris"))
    scheduling.add(schedules, planned("import", "rate(6 hours)", order=orders.Submit(source=PREFIX)))
    scheduling.add(schedules, planned("once", "at(2099-01-31T02:00:00)"))
    found = {entry.schedule.name: entry for entry in scheduling.entries(schedules, NOW)}
    assert sorted(found) == ["import", "once", "weekly"]
    assert str(found["import"].order) == f"submit {PREFIX}"
    assert [f"{due:%a %H:%M}" for due in found["weekly"].next] == ["Sun 02:00"] * 3
    assert len(found["once"].next) == 1
    assert found["weekly"].as_json() == {
        "name": "weekly",
        "expression": "cron(0 3 ? * SUN *)",
        "timezone": "Europe/Paris",
        "window": 0,
        "enabled": True,
        "order": {"do": "sweep", "max_cost": 20.0},
        "next": [f"{day}T02:00:00+00:00" for day in ("2026-11-29", "2026-12-06", "2026-12-13")],
    }


def test_a_one_time_schedule_deletes_itself_and_others_do_not(schedules: Schedules) -> None:
    for name, expression in (("once", "at(2099-01-31T02:00:00)"), ("often", "rate(1 day)")):
        scheduling.add(schedules, planned(name, expression))
    actions = [
        schedules.client.get_schedule(GroupName="photos", Name=name)["ActionAfterCompletion"]
        for name in ("once", "often")
    ]
    assert actions == ["DELETE", "NONE"]


def test_a_schedule_that_others_made_is_listed_without_an_order(schedules: Schedules) -> None:
    scheduling.add(schedules, planned())
    given = schedules.client.get_schedule(GroupName="photos", Name="weekly")
    schedules.client.update_schedule(
        GroupName="photos",
        Name="weekly",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        State="DISABLED",
        Target={**given["Target"], "Input": "[]"},
    )
    (entry,) = scheduling.entries(schedules, NOW)
    assert (entry.order, entry.next, entry.schedule.window) == (None, (), 5)


def test_removing_says_what_was_there(schedules: Schedules) -> None:
    scheduling.add(schedules, planned())
    assert scheduling.remove(schedules, ["weekly", "gone"]) == {"weekly": True, "gone": False}
    assert list(scheduling.entries(schedules, NOW)) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "sweep"}, r"\[schedule\] sweep"),
        ({"name": "a.b"}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"expression": "0 3 * * *"}, "not a schedule"),
        ({"expression": f"cron({'0' * MAX_CHARACTERS} 3 * * ? *)"}, "not a schedule"),
        ({"expression": "at(2026-11-24T11:59:59)"}, "never be due"),
        ({"expression": "cron(0 3 30 FEB ? *)"}, "never be due"),
        ({"zone": "Mars"}, "time zone"),
        ({"order": orders.Submit(source="s3://elsewhere/")}, "photos-originals"),
        ({"order": orders.Submit(source=PREFIX, include=("a" * 100,) * 50)}, "too long"),
    ],
)
def test_what_cannot_work_is_refused_before_any_call(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        planned(**change)


def test_the_stacks_own_schedule_cannot_be_removed(schedules: Schedules) -> None:
    with pytest.raises(ConfigError, match="deploy"):
        scheduling.remove(schedules, ["sweep"])
