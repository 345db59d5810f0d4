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
Sleep = Callable[[float], None]

# Seconds after which a person has the impression that Ctrl-C does nothing.
PIECE = 0.25


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


def never() -> bool:
    """Nobody can interrupt this."""
    return False


def check(stopped: Stopped, found: str) -> None:
    """Raises Interrupted, saying what was `found`, once `stopped` says so."""
    if stopped():
        raise Interrupted(
            "the submission was interrupted",
            found=found,
            fix="repeat the same command: it continues this run, and submits nothing twice",
        )


def unless_stopped(sleep: Sleep, stopped: Stopped) -> Sleep:
    """The same sleep in short pieces. Raises Interrupted between two of them once `stopped` says so.

    A signal does not end a sleep by itself.
    """

    def pieces(seconds: float) -> None:
        while seconds > 0:
            check(stopped, "Batch has not taken all jobs, or its answer got lost")
            sleep(min(seconds, PIECE))
            seconds -= PIECE

    return pieces


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
