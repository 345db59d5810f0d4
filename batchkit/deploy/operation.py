"""CloudFormation at work, watched: events as they come, and why it failed, if it did."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from batchkit.aws.stacks import Event, Stacks, StackState
from batchkit.errors import ConfigError, Throttled
from batchkit.planning.stack_failures import diagnose_stack

# Between two looks; DescribeStackEvents is throttled per account.
WAIT_SECONDS = 3.0

# Two hours: a compute environment that drains takes its time.
LOOKS = 2400

Report = Callable[[Event], None]


def new_token() -> str:
    """A word that all events of one operation carry."""
    return f"batchkit-{uuid.uuid4().hex}"


def unheard(event: Event) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Watch:
    """Waits for operations. `report` hears each event once, in their order."""

    stacks: Stacks
    report: Report = unheard
    wait_seconds: float = WAIT_SECONDS
    sleep: Callable[[float], None] = field(default=time.sleep)

    def until_done(self, stack_id: str, token: str) -> StackState | None:
        """The stack after the operation that carries `token`; None when it was deleted.

        Raises Throttled after two hours.
        """
        seen: set[str] = set()
        has_ended = False
        for _ in range(LOOKS):
            events = self._news(stack_id, seen, lambda event: event.token == token)
            # The state may be the one before the operation for a moment, its events are its own.
            has_ended = has_ended or any(is_end(event, stack_id) for event in events)
            state = self.stacks.state(stack_id)
            if has_ended and not (state and state.is_moving):
                return state
            self.sleep(self.wait_seconds)
        raise self._too_long(stack_id)

    def until_still(self, stack: StackState) -> StackState | None:
        """The stack once CloudFormation has ended what somebody else began; None when it was deleted."""
        seen: set[str] = set()
        state: StackState | None = stack
        for _ in range(LOOKS):
            self._news(stack.id, seen, lambda event: True)
            if state is None or not state.is_moving:
                return state
            self.sleep(self.wait_seconds)
            state = self.stacks.state(stack.id)
        raise self._too_long(stack.name)

    def _news(self, stack_id: str, seen: set[str], wanted: Callable[[Event], bool]) -> list[Event]:
        """The events of the operation that were not reported, oldest first."""
        newest_first = of_last_operation(self.stacks.events(stack_id))
        fresh = [e for e in takewhile(lambda e: e.id not in seen, newest_first) if wanted(e)]
        for event in reversed(fresh):
            self.report(event)
        seen.update(event.id for event in fresh)
        return fresh[::-1]

    def _too_long(self, stack: str) -> Throttled:
        return Throttled(
            f"CloudFormation has not ended its work on the stack '{stack}'",
            found=f"nothing after {LOOKS * self.wait_seconds / 3600:.0f} hours",
            fix="look at it in CloudFormation's console; repeating the command goes on waiting",
        )


def is_end(event: Event, stack_id: str) -> bool:
    """Whether the event is the stack's own last one of an operation."""
    moving = event.status.endswith("_IN_PROGRESS")
    return event.is_of_a_stack and event.physical_id == stack_id and not moving


def of_last_operation(newest_first: Iterable[Event]) -> Iterable[Event]:
    """The events down to the one that began the last operation, newest first."""
    for event in newest_first:
        yield event
        if event.is_of_a_stack and event.begins:
            return


def first_failure(stacks: Stacks, stack_id: str) -> Event | None:
    """The earliest failure of the last operation: later ones follow from it. Looks into nested stacks."""
    failures = [e for e in of_last_operation(stacks.events(stack_id)) if e.is_failure]
    own = [event for event in failures if event.physical_id != stack_id]
    if not own:
        return failures[-1] if failures else None
    first = own[-1]
    if first.is_of_a_stack and first.physical_id:
        return first_failure(stacks, first.physical_id) or first
    return first


def failed(stacks: Stacks, stack: StackState) -> ConfigError:
    """The error for an operation that ended in failure, by its first cause."""
    event = first_failure(stacks, stack.id)
    if event is None:
        return ConfigError(
            f"CloudFormation could not deploy the stack '{stack.name}'",
            found=stack.reason or stack.status,
            fix="look at its events in CloudFormation's console, then deploy again",
        )
    diagnosis = diagnose_stack(event.reason)
    return ConfigError(
        f"CloudFormation could not deploy the stack '{stack.name}': {diagnosis.message}",
        found=f"{event.logical_id} ({event.kind}): {event.reason}",
        expected=f"every resource as the template says; the stack is {stack.status} now",
        fix=diagnosis.fix,
    )


def vanished(stack: str) -> ConfigError:
    """The error for a stack that somebody deleted while it was deployed."""
    return ConfigError(
        f"the stack '{stack}' was deleted while it was deployed",
        expected="nobody else at work on it",
        fix="deploy again",
    )
