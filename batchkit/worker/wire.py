"""What passes between the worker and a cell: frames on a stream socket, MessagePack in them.

A cell has read hostile bytes, so nothing that it says is unpickled: every message is one of these types.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import socket

LENGTH = struct.Struct(">Q")
# No output comes near it; a longer frame is not one of ours.
MAX_FRAME = 2**31

Facts = dict[str, str | int | float]


class Asked(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """Make these tasks of a source; its `size` bytes lie in the cell's memory file."""

    key: str
    size: int
    tasks: tuple[str, ...]


class Made(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """An output."""

    task: str
    body: bytes
    content_type: str
    facts: Facts


class Refused(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """A task that can never be made."""

    task: str
    error_class: str
    message: str


class Raised(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """The job raised, and makes no more of this source."""

    error_class: str
    message: str
    rejected: bool
    traceback: str = ""


class Ended(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """The job made all that it makes of this source."""


Answer = Made | Refused | Raised | Ended

_encoder = msgspec.msgpack.Encoder()
_asked = msgspec.msgpack.Decoder(Asked)
_answer: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)

Read = Callable[[int], bytes | bytearray]


def send(to: socket.socket, message: Asked | Answer) -> None:
    """One frame. Raises OSError when the other end is gone, TypeError or ValueError for impossible facts."""
    body = _encoder.encode(message)
    to.sendall(LENGTH.pack(len(body)))
    to.sendall(body)


def asked(read: Read) -> Asked:
    """The next question. `read` gives exactly so many bytes, and raises EOFError at the end."""
    return _asked.decode(_frame(read))


def answer(read: Read) -> Answer:
    """The next answer. Raises msgspec.DecodeError for what is none."""
    return _answer.decode(_frame(read))


def _frame(read: Read) -> bytes | bytearray:
    (size,) = LENGTH.unpack(read(LENGTH.size))
    if size > MAX_FRAME:
        raise msgspec.DecodeError(f"a frame of {size} bytes")
    return read(size)
