"""Tests of batchkit.runs.interrupts."""

from __future__ import annotations

import os
import signal

import pytest

from batchkit.errors import Interrupted
from batchkit.runs.interrupts import PIECE, interruptible, never, unless_stopped, until_stopped


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_is_only_noted_and_told() -> None:
    told: list[str] = []
    with interruptible(lambda: told.append("stopping")) as stopped:
        before = stopped()
        interrupt()
        after = stopped()
    assert (before, after, told) == (False, True, ["stopping"])


def test_the_second_ctrl_c_ends_the_process() -> None:
    with interruptible():
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_what_was_before_is_there_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        interrupt()
    assert signal.getsignal(signal.SIGINT) is before


def test_things_come_until_somebody_stops() -> None:
    came: list[int] = []
    with pytest.raises(Interrupted, match="planning"):
        came.extend(until_stopped(range(9), iter([False, False, True]).__next__))
    assert came == [0, 1]


def test_a_sleep_ends_soon_after_somebody_stops() -> None:
    slept: list[float] = []
    with pytest.raises(Interrupted, match="submission"):
        unless_stopped(slept.append, lambda: len(slept) == 2)(16.0)
    assert slept == [PIECE, PIECE]


def test_a_sleep_that_nobody_stops_is_as_long_as_it_was() -> None:
    slept: list[float] = []
    unless_stopped(slept.append, never)(1.1)
    assert sum(slept) == pytest.approx(1.1)


def test_all_things_come_when_nobody_stops() -> None:
    assert list(until_stopped(range(3), lambda: False)) == [0, 1, 2]
