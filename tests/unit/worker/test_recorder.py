"""Tests of batchkit.worker.recorder: batches in the background, and what is counted."""

from __future__ import annotations

import io
import threading
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from batchkit.errors import Throttled
from batchkit.planning.records import Item
from batchkit.planning.states import Counts, Outcome, bulk_order
from batchkit.worker.recorder import MAX_WAITING, Recorder
from batchkit.worker.telemetry import Telemetry

ITEM = Item("b", "k", "a", Outcome.DONE, "run", bulk_order(1), modified=1, bytes=5)


class Slow:
    """A ledger that writes when it is told to, and fails when it is told to."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.started = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.failing = False

    def record_items(self, items: list[Item]) -> int:
        self.started.release()
        assert self.go.acquire(timeout=60)
        if self.failing:
            raise Throttled("too much")
        self.batches.append(len(items))
        return len(items)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def recorder(slow: Slow) -> Any:
    ledger: Any = slow
    made = Recorder(ledger, Telemetry(io.StringIO()))
    yield made
    made.close()


def test_what_comes_while_a_batch_is_written_is_the_next_batch(slow: Slow, recorder: Recorder) -> None:
    recorder.add([ITEM])
    assert slow.started.acquire(timeout=60)
    for _ in range(5):
        recorder.add([ITEM, ITEM])
    slow.go.release(2)
    recorder.flush()
    assert slow.batches == [1, 10]
    assert recorder.tally.counts == Counts(done=11, bytes=55)


def test_no_more_than_a_bounded_number_waits(slow: Slow, recorder: Recorder) -> None:
    # As many batches as items, where the ledger is faster than the work.
    slow.go.release(5 * MAX_WAITING)
    for _ in range(5 * MAX_WAITING):
        recorder.add([ITEM])
    recorder.flush()
    assert sum(slow.batches) == 5 * MAX_WAITING
    assert max(slow.batches) <= MAX_WAITING


def test_what_could_not_be_written_is_raised_and_not_counted(slow: Slow, recorder: Recorder) -> None:
    slow.failing = True
    recorder.add([ITEM, ITEM])
    slow.go.release()
    with pytest.raises(Throttled):
        recorder.flush()
    slow.failing = False
    recorder.add([replace(ITEM, outcome=Outcome.FAILED)])
    slow.go.release()
    recorder.flush()
    assert recorder.tally.counts == Counts(failed=1)


def test_a_failed_batch_does_not_keep_the_rest_from_being_written(slow: Slow, recorder: Recorder) -> None:
    slow.failing = True
    recorder.add([ITEM])
    assert slow.started.acquire(timeout=60)
    recorder.add([ITEM])
    slow.go.release()
    writing: Any = recorder._writing
    writing.exception()
    slow.failing = False
    slow.go.release()
    with pytest.raises(Throttled):
        recorder.flush()
    assert slow.batches == [1]


def test_what_is_in_the_ledger_is_told_after_each_batch_and_before_the_next(slow: Slow) -> None:
    told: list[tuple[int, int]] = []
    ledger: Any = slow
    recorder = Recorder(
        ledger,
        Telemetry(io.StringIO()),
        lambda tally: told.append((tally.counts.items, sum(slow.batches))),
    )
    slow.go.release(3)
    for failing in (False, True, False):
        slow.failing = failing
        recorder.add([ITEM, ITEM])
        with pytest.raises(Throttled) if failing else nullcontext():
            recorder.flush()
    recorder.close()
    assert told == [(2, 2), (4, 4)]


def test_nothing_to_flush_is_no_write(slow: Slow, recorder: Recorder) -> None:
    recorder.add([])
    recorder.flush()
    assert slow.batches == []
