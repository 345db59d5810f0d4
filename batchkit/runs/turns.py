"""Whose turn it is to submit a job. SubmitJob has no client token, so two processes must not both call it.

Every call is preceded by a conditional write to the job's record that names the attempt, and succeeds only
if the record is as it was last seen. A process that ends without a word leaves its attempt open: whoever
comes next waits until the call can no longer be under way (by its own clock: nobody's clock is compared
with another's), and then takes the next turn.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.errors import BatchkitError, Interrupted

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunJob, RunLedger

Guard = Callable[[], None]


@dataclass(frozen=True)
class Turns:
    """The turns to submit the array `number` of a run.

    `guard` raises when this process is no longer the one to go on (see `runs.intents`).
    """

    ledger: RunLedger
    run: str
    number: int
    guard: Guard

    def seen(self) -> RunJob | None:
        """The job as it is known now; None when nobody has ever tried to submit it."""
        return self.ledger.job(self.run, self.number)

    def take(self, before: RunJob | None) -> str:
        """The name of the attempt that may be made now; `before` is the job as this process has seen it.

        Raises Interrupted when somebody else has taken a turn since.
        """
        self.guard()
        turn = uuid.uuid4().hex
        if not self.ledger.take_turn(self.run, self.number, turn, before):
            raise Interrupted(
                f"the run {self.run} is being submitted by another process",
                found="it took the turn to submit the same job",
                expected="one process that submits it",
                fix=f"let the other one go on; batchkit status {self.run}",
            )
        return turn

    def give_back(self, turn: str) -> None:
        """Note that an attempt has ended, and certainly made no job."""
        # What went wrong with it is what is reported; without this note the next one only waits longer.
        with suppress(BatchkitError):
            self.ledger.end_turn(self.run, self.number, turn)
