from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.local.batch.logs import LogLine
from batchkit.local.logs import MotoLogs

if TYPE_CHECKING:
    from support.stack_world import StackWorld


def texts(world: StackWorld, group: str, stream: str) -> list[str]:
    answer = world.client("logs").get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in answer["events"]]


def now() -> int:
    import time

    return time.time_ns() // 1_000_000


def test_lines_are_read_in_the_order_in_which_they_were_written(world: StackWorld) -> None:
    at = now()
    for number in range(300):
        world.stack.logs.write("/g", "s", [LogLine(at, f"line {number}")])
    assert world.stack.logs.flush(60)
    assert texts(world, "/g", "s") == [f"line {number}" for number in range(300)]


def test_a_stream_can_be_opened_and_stay_empty(world: StackWorld) -> None:
    world.stack.logs.open("/g", "empty")
    world.stack.logs.open("/g", "empty")
    assert texts(world, "/g", "empty") == []


def test_lines_whose_clock_went_backwards_are_kept(world: StackWorld) -> None:
    at = now()
    world.stack.logs.write("/g", "clock", [LogLine(at, "later"), LogLine(at - 5, "earlier")])
    assert world.stack.logs.flush(60)
    assert texts(world, "/g", "clock") == ["earlier", "later"]


def test_closing_writes_what_is_left(world: StackWorld) -> None:
    logs = MotoLogs(world.stack.backends)
    logs.write("/g", "last", [LogLine(now(), "last words")])
    logs.close()
    assert texts(world, "/g", "last") == ["last words"]


def test_every_line_is_shown_to_the_observer(world: StackWorld) -> None:
    world.stack.logs.write_now("/g", "shown", ["one", "two"])
    shown = [trace.text for trace in world.traces if trace.data.get("stream") == "shown"]
    assert shown == ["one", "two"]


def test_the_tail_of_a_stream_says_how_much_there_is_before_it(world: StackWorld) -> None:
    logs = world.stack.logs
    logs.write_now("/g", "long", [str(number) for number in range(10)])
    assert logs.flush(60)
    assert logs.tail("/g", "long", 3) == (7, ["7", "8", "9"])
    assert logs.tail("/g", "long", 20) == (0, [str(number) for number in range(10)])
    assert logs.tail("/g", "none", 3) == logs.tail("/none", "none", 3) == (0, [])
