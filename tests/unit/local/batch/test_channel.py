"""Messages and descriptors over a socket pair."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from batchkit.local.batch.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pair() -> Iterator[tuple[Channel, Channel]]:
    one, other = (Channel(end) for end in socket.socketpair())
    yield one, other
    one.close()
    other.close()


def receive(channel: Channel, count: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    while len(found) < count:
        found += channel.receive() or []
    return found


def test_descriptors_come_in_the_order_of_their_messages(pair):
    one, other = pair
    pipes = [os.pipe() for _ in range(20)]
    for number, (_, writing) in enumerate(pipes):
        one.send({"plain": True})
        one.send({"number": number}, writing)
        os.close(writing)
    numbered = [message for message in receive(other, 40) if "number" in message]
    for message in numbered:
        fd = other.take_fd()
        os.write(fd, str(message["number"]).encode())
        os.close(fd)
    assert [os.read(reading, 9) for reading, _ in pipes] == [str(number).encode() for number in range(20)]
    for reading, _ in pipes:
        os.close(reading)


def test_a_message_larger_than_any_buffer_arrives_whole(pair):
    one, other = pair
    one.queue({"text": "ü\n" * 500_000, "lone": "\udc80"})
    found: list[dict[str, object]] = []
    while not found:
        one.flush()
        found += other.receive() or []
    assert found == [{"text": "ü\n" * 500_000, "lone": "\udc80"}]


def test_a_reader_that_does_not_read_never_blocks_the_queue(pair):
    one, _ = pair
    one.queue({"text": "x" * 10_000_000})
    assert one.flush() is True


def test_the_end_of_the_other_side_is_told(pair):
    one, other = pair
    one.close()
    assert other.receive() is None


def test_descriptors_that_nobody_took_are_closed(pair):
    one, other = pair
    reading, writing = os.pipe()
    one.send({}, writing)
    os.close(writing)
    receive(other, 1)
    other.close()
    assert os.read(reading, 1) == b""
    os.close(reading)
