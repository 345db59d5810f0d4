"""Throughput over time, and the children that stand for all of a run's. Times in epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from batchkit.planning.diagnoses import FailureClass
from batchkit.planning.failures import diagnose

BUCKETS = 60

# As many rows as one screen shows, with those first that did not just run.
ROWS = 60


class End(StrEnum):
    """How an attempt of a child ended."""

    DONE = "done"
    RECLAIMED = "reclaimed by Spot"
    FAILED = "failed"


@dataclass(frozen=True)
class Attempt:
    """One attempt of one child; `why` is what Batch said of its end, "" for one that ended well."""

    child: int
    number: int
    started: float
    stopped: float
    end: End
    why: str = ""


@dataclass(frozen=True)
class Span:
    """What one child reported: when it ran, in which attempt, and how many items are good and bad."""

    child: int
    attempt: int
    started: float
    stopped: float
    good: int
    bad: int
    failed: bool

    @property
    def is_notable(self) -> bool:
        """Whether Batch, or its own items, gave the child trouble."""
        return self.failed or self.attempt > 1 or self.bad > 0


class Throughput:
    """Items a second over a run, in equal steps; what a child did counts as done evenly while it ran."""

    def __init__(self, started: float, stopped: float, buckets: int = BUCKETS) -> None:
        self.started = started
        self.step = max(stopped - started, 1.0) / buckets
        self.good = [0.0] * buckets
        self.bad = [0.0] * buckets

    def add(self, span: Span) -> None:
        first, last = self._bucket(span.started), self._bucket(span.stopped)
        for bucket in range(first, last + 1):
            share = self._overlap(span, bucket, first == last)
            self.good[bucket] += span.good * share / self.step
            self.bad[bucket] += span.bad * share / self.step

    def _overlap(self, span: Span, bucket: int, is_all: bool) -> float:
        """The share of a span that falls into a bucket."""
        if is_all:
            return 1.0
        # What lies before or after the run, as clocks differ, belongs to its edges.
        low = span.started if bucket == self._bucket(span.started) else self.started + bucket * self.step
        high = (
            span.stopped if bucket == self._bucket(span.stopped) else self.started + (bucket + 1) * self.step
        )
        return (high - low) / (span.stopped - span.started)

    def _bucket(self, moment: float) -> int:
        return min(max(int((moment - self.started) / self.step), 0), len(self.good) - 1)


class Rows:
    """The children that a timeline shows of any number: notable ones in half of the room, others spread."""

    def __init__(self, children: int, rows: int = ROWS) -> None:
        self._step = max(-(-children // rows), 1)
        self._room = rows
        self._notable: list[Span] = []
        self._spread: list[Span] = []

    def add(self, span: Span) -> None:
        if span.is_notable and len(self._notable) < self._room // 2:
            self._notable.append(span)
        elif span.child % self._step == 0:
            self._spread.append(span)

    def chosen(self) -> list[Span]:
        """In the order in which they started."""
        room = max(self._room - len(self._notable), 0)
        return sorted([*self._notable, *self._spread[:room]], key=lambda one: (one.started, one.child))


def span(record: Mapping[str, Any]) -> Span | None:
    """The span of a child's record in the ledger: one that died without a report has its end only.

    None for a record that says neither.
    """
    if "counts" not in record:
        return _death(record["failure"]) if "failure" in record else None
    counts = record["counts"]
    return Span(
        child=record["child"],
        attempt=record.get("attempt", 1),
        started=record.get("started", 0),
        stopped=max(record.get("stopped", 0), record.get("started", 0)),
        good=counts["done"] + counts["fresh"],
        bad=counts["rejected"] + counts["failed"],
        failed="failure" in record,
    )


def _death(failure: Mapping[str, Any]) -> Span:
    stopped = failure.get("stopped", 0)
    return Span(failure["child"], failure["attempts"], stopped, stopped, good=0, bad=0, failed=True)


def attempts(child: int, job: Mapping[str, Any]) -> list[Attempt]:
    """The attempts of a child as Batch describes its job; one without times (it never ran) is left out."""
    found = []
    for number, attempt in enumerate(job.get("attempts", ()), 1):
        if "startedAt" not in attempt or "stoppedAt" not in attempt:
            continue
        end, why = _end(attempt)
        found.append(
            Attempt(child, number, attempt["startedAt"] / 1000, attempt["stoppedAt"] / 1000, end, why)
        )
    return found


def reported(one: Span) -> Attempt:
    """The only attempt that is known of a child which Batch has forgotten: its last."""
    end = End.FAILED if one.failed else End.DONE
    return Attempt(one.child, one.attempt, one.started, one.stopped, end)


def _end(attempt: Mapping[str, Any]) -> tuple[End, str]:
    container = attempt.get("container", {})
    if container.get("exitCode") == 0:
        return End.DONE, ""
    why = diagnose(container.get("exitCode"), attempt.get("statusReason", ""), container.get("reason", ""))
    reclaimed = why.failure_class is FailureClass.SPOT
    return (End.RECLAIMED if reclaimed else End.FAILED), why.message
