"""When a schedule is due: EventBridge Scheduler's expressions and time zones.

cron(0 3 * * ? *)    rate(6 hours)    at(2027-01-31T02:00:00)

In spring a time that no clock shows is left out, in autumn one that clocks show twice counts once
(EventBridge Scheduler User Guide, "Schedule types": daylight saving time).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from itertools import count, islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from batchkit.errors import ConfigError
from batchkit.planning import cron

# EventBridge Scheduler API reference, CreateSchedule: at most 256 characters.
MAX_CHARACTERS = 256

FORMS = "cron(0 3 * * ? *), rate(6 hours) or at(2027-01-31T02:00:00)"

_EXPRESSION = re.compile(r"(?P<kind>cron|rate|at)\((?P<text>.+)\)")
_RATE = re.compile(r"(?P<value>[1-9][0-9]{0,8}) (?P<unit>minute|hour|day)s?")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

Kind = cron.Cron | timedelta | datetime


@dataclass(frozen=True)
class Timetable:
    """A parsed expression and its time zone: a cron, an interval, or one local time."""

    expression: str
    kind: Kind
    zone: tzinfo

    @property
    def is_one_time(self) -> bool:
        return isinstance(self.kind, datetime)

    def after(self, moment: datetime, base: datetime) -> Iterator[datetime]:
        """The times (UTC) later than `moment`, in order; a rate counts from `base`, its creation."""
        if isinstance(self.kind, timedelta):
            passed = max(0, (moment - base) // self.kind)
            yield from (base + number * self.kind for number in count(passed + 1))
            return
        for local in self._local(moment):
            due = self._utc(local)
            if due is not None and due > moment:
                yield due

    def next(self, moment: datetime, number: int, base: datetime | None = None) -> list[datetime]:
        """The next times (UTC) at most; fewer, or none, where the expression ends."""
        return list(islice(self.after(moment, base or moment), number))

    def _local(self, moment: datetime) -> Iterator[datetime]:
        if isinstance(self.kind, datetime):
            yield self.kind
        elif isinstance(self.kind, cron.Cron):
            # A day earlier: clocks that go back show times twice.
            yield from self.kind.after(moment.astimezone(self.zone).replace(tzinfo=None) - timedelta(days=1))

    def _utc(self, local: datetime) -> datetime | None:
        due = local.replace(tzinfo=self.zone).astimezone(UTC)
        return due if due.astimezone(self.zone).replace(tzinfo=None) == local else None


def parse(expression: str, zone: str = "UTC") -> Timetable:
    """Raises ConfigError for what EventBridge Scheduler would not take."""
    match = _EXPRESSION.fullmatch(expression.strip())
    if not match or len(expression) > MAX_CHARACTERS:
        raise _wrong(expression, "neither cron(…) nor rate(…) nor at(…)")
    kind, text = match["kind"], match["text"]
    try:
        parsed = cron.parse(text) if kind == "cron" else _rate(text) if kind == "rate" else _at(text)
    except ValueError as error:
        raise _wrong(expression, str(error)) from error
    return Timetable(expression.strip(), parsed, time_zone(zone))


def time_zone(name: str) -> tzinfo:
    """The zone of an IANA name such as Europe/Paris. Raises ConfigError with the nearest one."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = available_timezones()
        near = get_close_matches(name, known, 1)
        raise ConfigError(
            "there is no such time zone" if known else "this machine has no database of time zones",
            found=repr(name),
            expected="an IANA name such as Europe/Paris, or UTC",
            fix=f"did you mean '{near[0]}'?" if near else None if known else "pip install tzdata",
        ) from error


def _rate(text: str) -> timedelta:
    match = _RATE.fullmatch(text)
    if not match:
        raise ValueError("a rate is a whole number and minutes, hours or days")
    return timedelta(**{f"{match['unit']}s": int(match["value"])})


def _at(text: str) -> datetime:
    if not _AT.fullmatch(text):
        raise ValueError("a time is yyyy-mm-ddThh:mm:ss; its zone is given apart, never as a suffix")
    return datetime.fromisoformat(text)


def _wrong(expression: str, why: str) -> ConfigError:
    return ConfigError("this is not a schedule", found=f"{expression}: {why}", expected=FORMS)
