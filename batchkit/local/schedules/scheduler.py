"""Schedules that come due: looked at once a second, or whenever a test moves the time.

A firing is an attempt at the target; what it does not take is tried again and at last sent to the
schedule's dead-letter queue, all with the schedule's role.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Literal

from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.permissions import role_allows
from batchkit.local.events.queue import DelayQueue
from batchkit.local.events.retries import SCALE, Backoff, after_failure, aws_backoff
from batchkit.local.schedules.firing import Due, fire
from batchkit.local.trace import Observer, Trace, ignore
from batchkit.planning import timetable

if TYPE_CHECKING:
    from batchkit.local.events.targets.services import Services

LOOK_SECONDS = 1.0
DELETE = "DELETE"

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class LocalScheduler:
    """EventBridge Scheduler for the schedules of one account and Region. Thread-safe; `close` it.

    A flexible window is no delay here. Of several times that passed unseen (a machine that slept) the latest
    counts. `scale` as in LocalBus.
    """

    def __init__(
        self,
        services: Services,
        *,
        observe: Observer = ignore,
        clock: Clock = utc_now,
        backoff: Backoff = aws_backoff,
        scale: float = SCALE,
    ) -> None:
        self._services = services
        self._observe = observe
        self._clock = clock
        self._backoff = backoff
        self._scale = scale
        self._queue = DelayQueue("scheduler", 1)
        self._seen: dict[tuple[str, float], datetime] = {}
        self._looking = Lock()
        self._closed = Event()
        self._thread = Thread(target=self._look, name="scheduler-clock", daemon=True)

    def start(self) -> None:
        """From now on look at the clock."""
        self._thread.start()

    def advance(self, now: datetime) -> None:
        """It is `now` (UTC): fire what came due since the last look. Time does not go back."""
        with self._looking:
            for due, is_over in self._due(now):
                self._observe(
                    Trace("event", f"schedule {due.name} is due at {due.time}", {"schedule": due.arn})
                )
                self._queue.put(partial(self._attempt, due, due.delivery, is_over))

    def drain(self, timeout: float) -> bool:
        """Waits until every firing is submitted or buried; False after `timeout` seconds."""
        return self._queue.drain(timeout)

    @property
    def taken(self) -> int:
        """How many firings there have ever been."""
        return self._queue.taken

    def close(self) -> None:
        """Stops; what is still to be tried again is dropped. A second call does nothing."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        self._queue.close()

    def _look(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            self.advance(self._clock())

    def _due(self, now: datetime) -> Iterator[tuple[Due, bool]]:
        """What fires now, and whether the schedule is to be deleted afterwards."""
        backends = self._services.backends
        with backends.locked("scheduler"):
            groups = backends.of("scheduler").schedule_groups.values()
            found = [(group.arn, schedule) for group in groups for schedule in group.schedules.values()]
            for group_arn, schedule in found:
                at = self._latest(schedule, now)
                if at is not None:
                    due = Due(
                        name=schedule.name,
                        arn=schedule.arn,
                        group_arn=group_arn,
                        target=deepcopy(schedule.target),
                        at=at,
                        execution=str(uuid.uuid4()),
                    )
                    yield due, schedule.action_after_completion == DELETE and _is_over(schedule, at)

    def _latest(self, schedule: Any, now: datetime) -> datetime | None:
        """The latest time that came since the last look at the schedule, as it is now."""
        version = (schedule.arn, schedule.last_modified_date)
        since = self._seen.get(version, _moment(schedule.last_modified_date))
        if now <= since:
            return None
        self._seen[version] = now
        if schedule.state != "ENABLED":
            return None
        latest = None
        for at in _times(schedule, since):
            if at > now:
                break
            latest = at
        return latest

    def _attempt(self, due: Due, delivery: Delivery, is_over: bool) -> None:
        try:
            started = fire(self._services, due, delivery)
        except DeliveryFault as fault:
            self._failed(due, delivery, fault, is_over)
        except Exception as error:
            # As on the bus: a target that fails in a way nobody foresaw is a failing target.
            self._failed(due, delivery, DeliveryFault("INTERNAL_ERROR", repr(error), retry=True), is_over)
        else:
            self._tell("delivery", due, f"schedule {due.name} → {started}", is_over)

    def _failed(self, due: Due, delivery: Delivery, fault: DeliveryFault, is_over: bool) -> None:
        later, exhausted = after_failure(delivery, fault, self._backoff)
        if fault.retry and exhausted is None:
            wait = self._backoff(later.failed) * self._scale
            self._queue.put(partial(self._attempt, due, later, is_over), wait)
            return
        lost = self._bury(due, later, fault, exhausted)
        fate = "buried" if lost is None else f"lost, {lost}"
        self._tell("dead-letter", due, f"schedule {due.name}: {fault} ({fate})", is_over)

    def _bury(self, due: Due, delivery: Delivery, fault: DeliveryFault, exhausted: str | None) -> str | None:
        """Send the input to the dead-letter queue; why it is lost, or None.

        The attributes are those of the User Guide, "Configuring a schedule's dead-letter queue".
        """
        arn, backends = delivery.dead_letter_arn, self._services.backends
        if arn is None:
            return "the schedule has no dead-letter queue"
        if not role_allows(backends, str(due.target.get("RoleArn")), "sqs:SendMessage", arn):
            return "the schedule's role may not send to its dead-letter queue"
        texts = {
            "ERROR_CODE": fault.code,
            "ERROR_MESSAGE": fault.message,
            "EXECUTION_ID": due.execution,
            "EXHAUSTED_RETRY_CONDITION": exhausted,
            "RETRY_ATTEMPTS": str(delivery.failed - 1),
            "SCHEDULED_TIME": due.time,
            "SCHEDULE_ARN": due.arn,
            "TARGET_ARN": str(due.target["Arn"]),
        }
        attributes = {
            name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text
        }
        with backends.locked("sqs"):
            name = arn.rsplit(":", 1)[-1]
            if name not in backends.of("sqs").queues:
                return f"the dead-letter queue {name} does not exist"
            backends.of("sqs").send_message(name, due.text(delivery.failed), message_attributes=attributes)
        return None

    def _tell(self, kind: Literal["delivery", "dead-letter"], due: Due, text: str, is_over: bool) -> None:
        """The firing has ended, one way or the other."""
        self._observe(Trace(kind, text, {"schedule": due.arn, "target": due.target["Arn"]}))
        if is_over:
            backends = self._services.backends
            with backends.locked("scheduler"):
                for group in backends.of("scheduler").schedule_groups.values():
                    if group.arn == due.group_arn:
                        group.schedules.pop(due.name, None)


def _times(schedule: Any, since: datetime) -> Iterator[datetime]:
    """All times after `since`; a one-time schedule knows no start and no end."""
    table = timetable.parse(schedule.schedule_expression, schedule.schedule_expression_timezone)
    start = _moment(schedule.start_date) if schedule.start_date and not table.is_one_time else None
    end = _moment(schedule.end_date) if schedule.end_date and not table.is_one_time else None
    base = start or _moment(schedule.creation_date)
    for at in table.after(since, base):
        if end is not None and at > end:
            return
        if start is None or at >= start:
            yield at


def _is_over(schedule: Any, at: datetime) -> bool:
    return next(_times(schedule, at), None) is None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
