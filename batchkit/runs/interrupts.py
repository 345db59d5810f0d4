"""Ctrl-C while something is submitted: the first lets the current call finish, the second does not."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from batchkit.errors import Interrupted

if TYPE_CHECKING:
    from types import FrameType

T = TypeVar("T")

Stopped = Callable[[], bool]


@contextmanager
def interruptible(tell: Callable[[], None] = lambda: None) -> Iterator[Stopped]:
    """Whether SIGINT came while the block runs; `tell` is called when it does. Only for the main thread."""
    came: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.signal(number, signal.default_int_handler)
        tell()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGINT, before)


def until_stopped(things: Iterable[T], stopped: Stopped) -> Iterator[T]:
    """The same things. Raises Interrupted before the next one once `stopped` says so."""
    for thing in things:
        if stopped():
            raise Interrupted(
                "planning was interrupted",
                found="not all sources were looked at, nothing was submitted",
                fix="repeat the command",
            )
        yield thing
