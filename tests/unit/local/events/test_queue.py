from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from batchkit.local.events.queue import DelayQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60


@contextmanager
def hasty_threads() -> Iterator[None]:
    """The interpreter changes from one thread to another as often as it can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def test_work_that_makes_work_is_waited_for() -> None:
    queue, done = DelayQueue("test", 2), []

    def spread(depth: int) -> None:
        done.append(depth)
        if depth:
            queue.put(lambda: spread(depth - 1), 0.01)

    queue.put(lambda: spread(5))
    assert queue.drain(SECONDS)
    assert done == [5, 4, 3, 2, 1, 0]
    assert queue.taken == 6
    queue.close()


def test_drain_says_when_the_time_is_up() -> None:
    queue, gate = DelayQueue("test", 1), threading.Event()
    queue.put(lambda: gate.wait(SECONDS))
    assert not queue.drain(0.01)
    gate.set()
    assert queue.drain(SECONDS)
    queue.close()


def test_due_work_overtakes_delayed_work() -> None:
    queue, done = DelayQueue("test", 1), threading.Event()
    queue.put(lambda: None, 3600)
    queue.put(done.set)
    assert done.wait(SECONDS)
    queue.close()


def test_work_begins_at_once_however_many_wait_for_the_end() -> None:
    queue = DelayQueue("test", 1)
    queue.put(lambda: None, 3600)
    waiting = [threading.Thread(target=queue.drain, args=(SECONDS,)) for _ in range(20)]
    for each in waiting:
        each.start()
    with hasty_threads():
        for _ in range(300):
            done = threading.Event()
            queue.put(done.set)
            assert done.wait(SECONDS)
    queue.close()
    for each in waiting:
        each.join()


def test_a_closed_queue_drops_what_waits_and_takes_nothing_more() -> None:
    queue, done = DelayQueue("test", 1), []
    queue.put(lambda: done.append("delayed"), 3600)
    queue.close()
    queue.put(lambda: done.append("after"))
    assert queue.drain(0)
    assert done == []
    queue.close()
