from __future__ import annotations

import threading

from batchkit.local.events.queue import DelayQueue


def test_work_that_makes_work_is_waited_for() -> None:
    queue, done = DelayQueue("test", 2), []

    def spread(depth: int) -> None:
        done.append(depth)
        if depth:
            queue.put(lambda: spread(depth - 1), 0.01)

    queue.put(lambda: spread(5))
    assert queue.drain(30)
    assert done == [5, 4, 3, 2, 1, 0]
    assert queue.taken == 6
    queue.close()


def test_drain_says_when_the_time_is_up() -> None:
    queue, gate = DelayQueue("test", 1), threading.Event()
    queue.put(lambda: gate.wait(30))
    assert not queue.drain(0.01)
    gate.set()
    assert queue.drain(30)
    queue.close()


def test_due_work_overtakes_delayed_work() -> None:
    queue, done = DelayQueue("test", 1), []
    queue.put(lambda: done.append("late"), 0.2)
    queue.put(lambda: done.append("now"))
    assert queue.drain(30)
    assert done == ["now", "late"]
    queue.close()


def test_a_closed_queue_drops_what_waits_and_takes_nothing_more() -> None:
    queue, done = DelayQueue("test", 1), []
    queue.put(lambda: done.append("delayed"), 3600)
    queue.close()
    queue.put(lambda: done.append("after"))
    assert queue.drain(0)
    assert done == []
    queue.close()
