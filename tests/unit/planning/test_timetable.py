"""When a schedule is due, in its time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from batchkit.errors import ConfigError
from batchkit.planning import timetable

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


def due(expression: str, zone: str = "UTC", number: int = 3, moment: datetime = NOW) -> list[str]:
    return [f"{each:%d %b %H:%M}" for each in timetable.parse(expression, zone).next(moment, number)]


def test_a_cron_is_due_at_local_times() -> None:
    assert due("cron(30 4 * * ? *)", "Europe/Paris") == ["28 Mar 03:30", "29 Mar 02:30", "30 Mar 02:30"]


def test_a_time_that_no_clock_shows_is_left_out() -> None:
    # Clocks go from 2:00 to 3:00 on 29 March.
    assert due("cron(30 2 * * ? *)", "Europe/Paris") == ["28 Mar 01:30", "30 Mar 00:30", "31 Mar 00:30"]


def test_a_time_that_clocks_show_twice_counts_once() -> None:
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert due("cron(30 2 * * ? *)", "Europe/Paris", 2, autumn) == ["25 Oct 00:30", "26 Oct 01:30"]


def test_between_both_showings_of_an_hour_nothing_is_lost() -> None:
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert due("cron(0/30 2-3 * * ? *)", "Europe/Paris", 2, between) == ["25 Oct 02:00", "25 Oct 02:30"]


def test_a_rate_counts_from_its_creation() -> None:
    created = NOW - timedelta(hours=7)
    found = timetable.parse("rate(6 hours)").next(NOW, 2, base=created)
    assert found == [created + timedelta(hours=12), created + timedelta(hours=18)]
    assert due("rate(1 day)", number=1) == ["28 Mar 12:00"]


def test_a_time_comes_once() -> None:
    at = "at(2026-03-27T14:00:00)"
    assert due(at, "America/New_York") == ["27 Mar 18:00"]
    assert due(at, "UTC", moment=NOW + timedelta(hours=2)) == []
    assert timetable.parse(at).is_one_time
    assert not timetable.parse("rate(1 hour)").is_one_time


@pytest.mark.parametrize(
    "expression",
    [
        "0 3 * * ? *",
        "cron(0 3 * * * *)",
        "rate(0 hours)",
        "rate(1.5 hours)",
        "rate(1 week)",
        "at(2026-03-27T14:00:00Z)",
        "at(2026-03-27T14:00:00+01:00)",
        "at(2026-02-30T14:00:00)",
        "at(2026-03-27)",
        f"cron({' ' * 256}0 3 * * ? *)",
    ],
)
def test_what_scheduler_would_refuse_is_refused_with_the_right_forms(expression: str) -> None:
    with pytest.raises(ConfigError, match=r"rate\(6 hours\)") as error:
        timetable.parse(expression)
    assert expression[:20] in str(error.value)


def test_a_misspelt_time_zone_comes_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'Europe/Paris'"):
        timetable.parse("rate(1 day)", "Europe/Pariss")


@pytest.mark.parametrize("name", ["", "../etc/passwd", "+01:00"])
def test_what_is_no_name_is_no_time_zone(name: str) -> None:
    with pytest.raises(ConfigError):
        timetable.time_zone(name)
