"""Tests of batchkit.aws.logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.aws.logs import Stream

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients


def say(clients: Clients, time: int, *messages: str) -> None:
    clients.logs.put_log_events(
        logGroupName="/g",
        logStreamName="s",
        logEvents=[{"timestamp": 1_795_000_000_000 + time, "message": text} for text in messages],
    )


def test_a_stream_is_read_from_its_beginning_and_then_what_came_since(clients: Clients) -> None:
    clients.logs.create_log_group(logGroupName="/g")
    stream = Stream(clients.logs, "/g", "s")
    assert list(stream.lines()) == []
    clients.logs.create_log_stream(logGroupName="/g", logStreamName="s")
    say(clients, 1, "one", "two")
    assert [line.message for line in stream.lines()] == ["one", "two"]
    say(clients, 2, "three")
    assert [line.message for line in stream.lines()] == ["three"]
    assert list(stream.lines()) == []
