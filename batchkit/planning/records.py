"""What the ledger holds, as plain data. The keys are in `names`, the order of writers in `states`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchkit.planning.states import Counts, Outcome, RunState, end_version, item_version, report_version

if TYPE_CHECKING:
    from collections.abc import Mapping

# Seconds between two reports of a child that goes on working: what a kill makes uncertain is small beside a
# shard of some minutes, and the writes are few beside those of the items. A shorter child reports at its end.
REPORT_SECONDS = 60


@dataclass(frozen=True)
class Item:
    """What became of one task of one source. Times in epoch seconds, sizes in bytes."""

    bucket: str
    key: str
    task: str
    outcome: Outcome
    run: str
    order: str
    modified: int
    etag: str = ""
    digest: str = ""
    output: str = ""
    bytes: int = 0
    attempt: int = 1
    milliseconds: int = 0
    error_class: str = ""
    message: str = ""
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    updated: int = 0

    @property
    def version(self) -> str:
        return item_version(self.modified, self.order, self.outcome)

    @property
    def is_bad(self) -> bool:
        return self.outcome in (Outcome.REJECTED, Outcome.FAILED)


@dataclass(frozen=True)
class ErrorGroup:
    """Bad items with the same error class, and (in reports) fingerprint, and one of them as an example.

    `child` is the number within the run of one that met it, -1 where none is known; `log_stream` is its,
    where it died.
    """

    error_class: str
    count: int
    key: str
    message: str
    rejected: bool = False
    child: int = -1
    log_stream: str = ""


@dataclass(frozen=True)
class SlowItem:
    """An item that took long to make."""

    key: str
    task: str
    milliseconds: int


@dataclass(frozen=True)
class Report:
    """What one child did. `child` counts through all arrays of the run, which has `children` in all.

    A child reports once a minute (REPORT_SECONDS) while it works, and at its end; `stopped` is when it did.
    `slowest` are a few of the items that it made, those that took longest first.
    """

    run: str
    child: int
    children: int
    attempt: int
    counts: Counts
    errors: tuple[ErrorGroup, ...] = ()
    started: int = 0
    stopped: int = 0
    slowest: tuple[SlowItem, ...] = ()

    @property
    def version(self) -> str:
        return report_version(self.counts, self.attempt, self.stopped)


@dataclass(frozen=True)
class ChildFailure:
    """What Batch says of a child that failed for good. `exit_code` is None where no container ran.

    `worked` are the seconds of each attempt that started.
    """

    run: str
    child: int
    children: int
    job: str
    exit_code: int | None
    status_reason: str
    reason: str
    attempts: int
    log_stream: str = ""
    stopped: int = 0
    worked: tuple[int, ...] = ()


@dataclass(frozen=True)
class ArrayEnd:
    """An array job (or plain job) of a run that has ended: `size` children from `first` on, epoch seconds."""

    run: str
    first: int
    size: int
    job: str
    started: int
    stopped: int


@dataclass(frozen=True)
class RunEnd:
    """How a run ended. `sources` counts sources, `counts` items; times in epoch seconds.

    `reported` items were accounted for by children, `dead` children failed for good: what is known of the
    run, and may still grow. `cancelled` is when somebody stopped it, 0 if nobody did.
    """

    run: str
    lane: str
    state: RunState
    counts: Counts
    sources: int
    recipe: str
    job: str
    errors: tuple[ErrorGroup, ...] = ()
    source: str = ""
    started: int = 0
    stopped: int = 0
    reported: int = 0
    dead: int = 0
    cancelled: int = 0
    cancel_reason: str = ""

    @property
    def version(self) -> str:
        return end_version(self.state, self.counts, self.reported, self.dead)
