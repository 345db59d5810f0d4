"""What one child did, added up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from batchkit.planning.fingerprints import fingerprint
from batchkit.planning.records import ErrorGroup, Item, Report, SlowItem
from batchkit.planning.states import Counts, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batchkit.worker.assignment import Assignment

# A record of the ledger has at most 400 KB (DynamoDB, Constraints); a group has under 2.
MAX_GROUPS = 20
OTHERS = "Other"

# Enough that the slowest of a run are among them.
MAX_SLOWEST = 5


@dataclass
class Tally:
    """Items that are in the ledger, counted."""

    counts: Counts = field(default_factory=Counts)
    groups: dict[str, ErrorGroup] = field(default_factory=dict)
    slowest: tuple[SlowItem, ...] = ()

    def add(self, items: Iterable[Item]) -> None:
        for item in items:
            written = item.bytes if item.outcome is Outcome.DONE else 0
            self.counts = self.counts.plus(item.outcome, written)
            if item.is_bad:
                self._group(item)
            elif item.outcome is Outcome.DONE:
                self._time(item)

    def errors(self) -> tuple[ErrorGroup, ...]:
        """One group per fingerprint, those with most items first; the rare ones of a long list as `Other`."""
        ordered = sorted(
            self.groups.values(),
            key=lambda group: (-group.count, group.error_class, group.message, group.rejected),
        )
        if len(ordered) <= MAX_GROUPS:
            return tuple(ordered)
        rest = ordered[MAX_GROUPS - 1 :]
        other = replace(rest[0], error_class=OTHERS, count=sum(group.count for group in rest))
        return (*ordered[: MAX_GROUPS - 1], other)

    def _time(self, item: Item) -> None:
        slow = SlowItem(item.key, item.task, item.milliseconds)
        ordered = sorted((*self.slowest, slow), key=lambda one: (-one.milliseconds, one.key, one.task))
        self.slowest = tuple(ordered[:MAX_SLOWEST])

    def _group(self, item: Item) -> None:
        kind = f"{item.outcome.value} {fingerprint(item.error_class, item.message)}"
        known = self.groups.get(kind)
        self.groups[kind] = (
            replace(known, count=known.count + 1)
            if known
            else ErrorGroup(
                item.error_class, 1, item.key, item.message, rejected=item.outcome is Outcome.REJECTED
            )
        )


def report(assignment: Assignment, tasks: int, tally: Tally, started: int, stopped: int) -> Report:
    """The child's report; of one that still works, until `stopped`. Times in epoch seconds."""
    return Report(
        run=assignment.run,
        child=assignment.child,
        children=assignment.shape(tasks).children,
        attempt=assignment.attempt,
        counts=tally.counts,
        errors=tally.errors(),
        started=started,
        stopped=stopped,
        slowest=tally.slowest,
    )
