"""What the local stack shows of itself while it works: the source of the live view."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["event", "delivery", "dead-letter", "job", "log", "message"]


@dataclass(frozen=True)
class Trace:
    """Something that happened: an event on the bus, a delivery to a target, a job's change of state…

    `text` is one line for a person; `data` holds the same for a program. `at` is epoch seconds.
    """

    kind: Kind
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)


Observer = Callable[[Trace], None]


def both(one: Observer, other: Observer) -> Observer:
    """An observer that tells two."""

    def observe(trace: Trace) -> None:
        one(trace)
        other(trace)

    return observe


def ignore(trace: Trace) -> None:
    """The observer of a stack that nobody watches."""
