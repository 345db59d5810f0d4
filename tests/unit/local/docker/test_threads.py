"""Threads that do one call after the other."""

from __future__ import annotations

import threading

from batchkit.local.docker.threads import Threads

SECONDS = 60.0


def test_every_call_is_done_before_the_threads_end() -> None:
    threads, done = Threads(3, "test"), list[int]()
    for number in range(100):
        threads.do(lambda number=number: done.append(number))  # type: ignore[misc]
    assert threads.end(SECONDS)
    assert sorted(done) == list(range(100))


def test_calls_run_side_by_side_up_to_the_width() -> None:
    threads, together = Threads(3, "test"), threading.Barrier(3)
    for _ in range(3):
        threads.do(lambda: together.wait(SECONDS))
    assert threads.end(SECONDS)
    assert not together.broken


def test_a_call_that_hangs_is_told_and_does_not_keep_the_interpreter() -> None:
    threads, free = Threads(1, "test"), threading.Event()
    threads.do(lambda: free.wait(SECONDS))
    assert not threads.end(0)
    assert all(each.daemon for each in threading.enumerate() if each.name == "test-0")
    free.set()
    assert threads.end(SECONDS)
