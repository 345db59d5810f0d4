"""EventBridge's cron expressions: which days and times they name, and which are none."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning import cron

# Local times have no zone. This is a Tuesday; those are the limits of what is tried.
START = datetime.fromisoformat("2026-11-24T12:00:00")
SOME_TIME = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2150-01-01"))


def times(expression: str, number: int = 3) -> list[str]:
    return [
        found.strftime("%a %d %b %Y %H:%M") for found in islice(cron.parse(expression).after(START), number)
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 3 * * ? *", ["Wed 25 Nov 2026 03:00", "Thu 26 Nov 2026 03:00", "Fri 27 Nov 2026 03:00"]),
        ("0/20 12 ? * TUE *", ["Tue 24 Nov 2026 12:00", "Tue 24 Nov 2026 12:20", "Tue 24 Nov 2026 12:40"]),
        ("15,45 8-9 ? * 2-6 *", ["Wed 25 Nov 2026 08:15", "Wed 25 Nov 2026 08:45", "Wed 25 Nov 2026 09:15"]),
        ("0 0 L * ? *", ["Mon 30 Nov 2026 00:00", "Thu 31 Dec 2026 00:00", "Sun 31 Jan 2027 00:00"]),
        ("0 0 1W * ? *", ["Tue 01 Dec 2026 00:00", "Fri 01 Jan 2027 00:00", "Mon 01 Feb 2027 00:00"]),
        ("0 0 31W * ? *", ["Thu 31 Dec 2026 00:00", "Fri 29 Jan 2027 00:00", "Wed 31 Mar 2027 00:00"]),
        ("0 0 ? * 6L *", ["Fri 27 Nov 2026 00:00", "Fri 25 Dec 2026 00:00", "Fri 29 Jan 2027 00:00"]),
        ("0 0 ? * MON#1 *", ["Mon 07 Dec 2026 00:00", "Mon 04 Jan 2027 00:00", "Mon 01 Feb 2027 00:00"]),
        ("0 0 ? * L *", ["Sat 28 Nov 2026 00:00", "Sat 05 Dec 2026 00:00", "Sat 12 Dec 2026 00:00"]),
        ("0 0 29 FEB ? 2027-2032", ["Tue 29 Feb 2028 00:00", "Sun 29 Feb 2032 00:00"]),
        ("0 0 1 jan/6 ? *", ["Fri 01 Jan 2027 00:00", "Thu 01 Jul 2027 00:00", "Sat 01 Jan 2028 00:00"]),
        ("0 0 ? * 1 2020", []),
    ],
)
def test_an_expression_names_these_times(expression: str, expected: list[str]) -> None:
    assert times(expression) == expected


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("0 3 * * ?", "5 fields instead of six"),
        ("0 3 * * * *", "only one, must be ?"),
        ("0 3 ? * ? *", "only one, must be ?"),
        ("60 3 * * ? *", "minutes: '60' is not 0 to 59"),
        ("0 3 32 * ? *", "day-of-month: '32' is not 1 to 31"),
        ("0 3 ? * 0 *", "day-of-week: '0' is not 1 to 7 or SUN to SAT"),
        ("0 3 ? * SUNDAY *", "'SUNDAY'"),
        ("0 3 * FOO ? *", "JAN to DEC"),
        ("5-1 3 * * ? *", "a range goes upwards"),
        ("*/0 3 * * ? *", "a step is at least 1"),
        ("*-3 3 * * ? *", "begins a range with *"),
        ("0 3 ? * MON#6 *", "'MON#6'"),
        ("0 3 * * ? 1969", "year"),
        ("0, 3 * * ? *", "minutes: ''"),
    ],
)
def test_an_impossible_expression_says_what_is_wrong(expression: str, why: str) -> None:
    with pytest.raises(ValueError) as error:
        cron.parse(expression)
    assert why in str(error.value)


@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(1, 7),
    SOME_TIME,
)
def test_the_times_are_all_the_minutes_that_fit_and_in_order(
    minute: int, hour: int, weekday: int, start: datetime
) -> None:
    found = list(islice(cron.parse(f"{minute} {hour} ? * {weekday} *").after(start), 3))
    assert [(t.minute, t.hour, t.isoweekday() % 7 + 1) for t in found] == [(minute, hour, weekday)] * 3
    assert start <= found[0] <= start + timedelta(days=8)
    assert [b - a for a, b in pairwise(found)] == [timedelta(days=7)] * 2


@given(SOME_TIME, st.integers(1, 31))
def test_the_nearest_weekday_is_a_weekday_at_most_two_days_away(start: datetime, wanted: int) -> None:
    found = next(cron.parse(f"0 0 {wanted}W * ? *").after(start))
    assert found.isoweekday() <= 5
    assert abs(found.day - wanted) <= 2
