"""What can become of items and runs, and why it only ever moves forward.

Events, retries and whole jobs arrive late, twice and in any order. So every record carries a version
that orders all writers of it totally, and a write counts only if its version is greater: the last
state is the maximum, whatever the order of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(StrEnum):
    """What became of an item, worst first: a later member replaces an earlier one of the same run."""

    FAILED = "failed"
    REJECTED = "rejected"
    FRESH = "fresh"
    DONE = "done"

    @property
    def rank(self) -> int:
        return list(Outcome).index(self)

    @property
    def is_final(self) -> bool:
        """Whether a retry would change nothing."""
        return self is not Outcome.FAILED


class RunState(StrEnum):
    """What became of a run."""

    RUNNING = "RUNNING"
    FAILED = "FAILED"
    PARTIAL = "PARTIAL"
    SUCCEEDED = "SUCCEEDED"

    @property
    def rank(self) -> int:
        return list(RunState).index(self)


@dataclass(frozen=True)
class Counts:
    """Items by outcome, and the bytes written."""

    done: int = 0
    fresh: int = 0
    rejected: int = 0
    failed: int = 0
    bytes: int = 0

    @property
    def items(self) -> int:
        return self.done + self.fresh + self.rejected + self.failed

    @property
    def good(self) -> int:
        return self.done + self.fresh

    def plus(self, outcome: Outcome, size: int = 0) -> Counts:
        """These counts and one item more, whose output has `size` bytes."""
        return self + Counts(**{outcome.value: 1, "bytes": size})

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


def total(parts: Iterable[Counts]) -> Counts:
    """The sum of the counts."""
    return sum(parts, Counts())


def item_version(modified: int, order: str, outcome: Outcome) -> str:
    """The version of an item: `modified` (source, epoch seconds), then the run's order, then the outcome.

    A newer source wins over an older one, for the same source the later run, within a run the better
    outcome. `order` comes from `upload_order` or `bulk_order`.
    """
    return f"{modified:012d}|{order}|{outcome.rank}"


def upload_order(time: int, sequencer: str) -> str:
    """Orders upload runs of one key: by event time (epoch seconds), then by S3's sequencer.

    "right-pad the shorter sequencer with zeros, compare as strings" (S3 User Guide, EventBridge events).
    """
    return f"{time:012d}.{sequencer.upper():0<64}"


def bulk_order(time: int) -> str:
    """Orders bulk runs by their start, epoch seconds."""
    return f"{time:012d}.{'':0<64}"


def report_version(counts: Counts, attempt: int, stopped: int) -> str:
    """The version of a child's report: the one that accounts for more items, then more outputs, wins.

    Then the later attempt, and of the same attempt the report that was made later, at `stopped` (epoch
    seconds). So what an attempt that was killed had reported stays until a later one, which finds that done,
    accounts for as much; never are the two added.
    """
    return f"{counts.items:012d}|{counts.good:012d}|{attempt:04d}|{stopped:012d}"


def end_version(state: RunState, counts: Counts, reported: int, dead: int) -> str:
    """The version of a run's end: a better state wins, then more items reported, or good; then more children
    whose failure is known."""
    return f"{state.rank}|{reported:012d}|{counts.good:012d}|{dead:09d}"


# The share of a bulk run's items that may go wrong before the whole run counts as FAILED.
MAX_BAD = 0.5


def finished(expected: int, counts: Counts, max_bad: float = 1.0) -> tuple[RunState, Counts]:
    """The end of a run of `expected` items: items that no child accounts for have failed.

    FAILED when nothing is good or more than `max_bad` (a share) of the items is bad; PARTIAL when some are.
    """
    missing = max(expected - counts.items, 0)
    final = counts + Counts(failed=missing)
    bad = final.rejected + final.failed
    if not bad:
        return RunState.SUCCEEDED, final
    if not final.good or bad > max_bad * final.items:
        return RunState.FAILED, final
    return RunState.PARTIAL, final
