"""The fields of EventBridge's cron expressions: which minutes, hours and days they name.

Six fields: minutes, hours, day of month, month, day of week (1 is Sunday), year; one of the two days is
`?`. Source: EventBridge User Guide, "Cron expressions reference". No library that is kept speaks this
dialect: a year, `?`, `W`, and Sunday as 1 (docs/decisions/0032).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS = {name: number for number, name in enumerate(_MONTHS, 1)}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}

FIELDS = "minutes hours day-of-month month day-of-week year"
ANY = "?"

_PART = re.compile(r"(?P<first>\*|[0-9A-Z]+)(-(?P<last>[0-9A-Z]+))?(/(?P<step>[0-9]+))?")

Days = Callable[[date], bool]


@dataclass(frozen=True)
class Cron:
    """A parsed expression; all times are those of the schedule's own time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    on: Days

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The local times (naive) from `moment` (naive) on, in order; those that no clock shows included."""
        times = [time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]
        for day in self._days(moment.date()):
            for each in times:
                found = datetime.combine(day, each)
                if found >= moment:
                    yield found

    def _days(self, first: date) -> Iterator[date]:
        day = first
        while day.year <= max(self.years):
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
            else:
                if self.on(day):
                    yield day
                day += timedelta(days=1)


def parse(text: str) -> Cron:
    """The expression between the brackets of `cron(…)`. Raises ValueError saying what is wrong with it."""
    fields = text.upper().split()
    if len(fields) != len(FIELDS.split()):
        raise ValueError(f"{len(fields)} fields instead of six: {FIELDS}")
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == ANY) == (day_of_week == ANY):
        raise ValueError("one of day-of-month and day-of-week, and only one, must be ?")
    return Cron(
        minutes=_numbers("minutes", minutes, 0, 59),
        hours=_numbers("hours", hours, 0, 23),
        months=_numbers("month", month, 1, 12, MONTHS),
        years=_numbers("year", year, 1970, 2199),
        on=_of_month(day_of_month) if day_of_week == ANY else _of_week(day_of_week),
    )


def _numbers(
    field: str, text: str, low: int, high: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    """`0,15-45/10,*/5` as numbers."""
    return frozenset(
        number for part in text.split(",") for number in _part(field, part, low, high, names or {})
    )


def _part(field: str, text: str, low: int, high: int, names: Mapping[str, int]) -> range:
    match = _PART.fullmatch(text)
    if not match:
        raise ValueError(f"{field}: '{text}' is neither a value nor a range nor a step")
    first, last, step = match["first"], match["last"], int(match["step"] or 1)
    if first == "*":
        begin, end = low, high
    else:
        begin = _number(field, first, low, high, names)
        end = _number(field, last, low, high, names) if last else high if match["step"] else begin
    if first == "*" and last:
        raise ValueError(f"{field}: '{text}' begins a range with *")
    if begin > end or not step:
        raise ValueError(f"{field}: '{text}' names nothing; a range goes upwards, a step is at least 1")
    return range(begin, end + 1, step)


def _number(field: str, text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    number = names.get(text, int(text) if text.isdecimal() else -1)
    if not low <= number <= high:
        alternatives = f" or {next(iter(names))} to {list(names)[-1]}" if names else ""
        raise ValueError(f"{field}: '{text}' is not {low} to {high}{alternatives}")
    return number


def _of_month(text: str) -> Days:
    if text == "L":
        return lambda day: day.day == _last(day)
    if re.fullmatch(r"[0-9]+W", text):
        wanted = _number("day-of-month", text[:-1], 1, 31, {})
        return lambda day: day == _nearest_weekday(day, wanted)
    numbers = _numbers("day-of-month", text, 1, 31)
    return lambda day: day.day in numbers


def _of_week(text: str) -> Days:
    field = "day-of-week"
    if text == "L":
        return lambda day: _weekday(day) == DAYS["SAT"]
    if match := re.fullmatch(r"([0-9A-Z]+)#([1-5])", text):
        wanted, number = _number(field, match[1], 1, 7, DAYS), int(match[2])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == number
    if match := re.fullmatch(r"([1-7]|[A-Z]{3})L", text):
        last = _number(field, match[1], 1, 7, DAYS)
        return lambda day: _weekday(day) == last and day.day + 7 > _last(day)
    numbers = _numbers(field, text, 1, 7, DAYS)
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(month: date, wanted: int) -> date | None:
    """The weekday nearest to a day, in the same month; None in a month that does not have the day."""
    if wanted > _last(month):
        return None
    day = month.replace(day=wanted)
    shift = {6: -1, 7: 1}.get(day.isoweekday(), 0)
    if not 1 <= wanted + shift <= _last(month):
        shift *= -2
    return day + timedelta(days=shift)
