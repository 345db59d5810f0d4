"""What EventBridge may do to events at any time, on request and repeatable."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from threading import Lock


@dataclass(frozen=True)
class Faults:
    """`duplicate` and `reorder` are shares of the events, 0 to 1; the same seed makes the same choices.

    A duplicate has the id of its original; a reordered event is held back for up to `hold` seconds.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    hold: float = 0.2
    seed: int = 0


@dataclass
class Dice:
    """The choices of `faults`, one event after the other; safe for threads."""

    faults: Faults
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.faults.seed)  # noqa: S311 (nothing secret: repeatable faults)

    def delays(self) -> list[float]:
        """Seconds after which each copy of the next event arrives: one copy, or two."""
        with self.lock:
            copies = 2 if self._random.random() < self.faults.duplicate else 1
            return [self._delay() for _ in range(copies)]

    def _delay(self) -> float:
        held = self._random.random() < self.faults.reorder
        return self._random.uniform(0, self.faults.hold) if held else 0.0
