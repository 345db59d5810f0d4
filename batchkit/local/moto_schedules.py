"""Where moto's Scheduler takes more than AWS: what is scheduled here can be scheduled there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.scheduler import exceptions
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.scheduler.responses import EventBridgeSchedulerResponse

from batchkit.errors import ConfigError
from batchkit.planning import timetable

if TYPE_CHECKING:
    from batchkit.local.moto_patches import Patches


def schedules_are_not_checked(patches: Patches) -> None:
    """moto takes expressions and time zones that Scheduler refuses, and fails over a group that is not there;
    its update forgets ActionAfterCompletion, and that a schedule is enabled unless it says otherwise.
    """
    create, update = EventBridgeSchedulerBackend.create_schedule, EventBridgeSchedulerBackend.update_schedule
    respond = EventBridgeSchedulerResponse.update_schedule

    def create_schedule(self: Any, **given: Any) -> Any:
        self.get_schedule_group(given["group_name"])
        _check_schedule(given)
        return create(self, **given)

    def update_schedule(self: Any, **given: Any) -> Any:
        _check_schedule(given)
        return update(self, **{**given, "state": given["state"] or "ENABLED"})

    def answer(self: Any) -> str:
        text = respond(self)
        name = self.uri.split("?")[0].rsplit("/", 1)[-1]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        schedule.action_after_completion = self._get_param("ActionAfterCompletion")
        return text

    patches.replace(EventBridgeSchedulerBackend, "create_schedule", create_schedule)
    patches.replace(EventBridgeSchedulerBackend, "update_schedule", update_schedule)
    patches.replace(EventBridgeSchedulerResponse, "update_schedule", answer)


def _check_schedule(given: dict[str, Any]) -> None:
    try:
        timetable.parse(given["schedule_expression"], given["schedule_expression_timezone"] or "UTC")
    except ConfigError as error:
        raise exceptions.ValidationException(f"Invalid Schedule Expression. {error}") from error
