"""Whose turn it is to submit a job. SubmitJob has no client token, so two processes must not both call it.

Every call is preceded by a conditional write to the job's record that names the attempt, and succeeds only
if the record is as it was last seen. A process that ends without a word leaves its attempt open: whoever
comes next waits until the call can no longer be under way (by its own clock: nobody's clock is compared
with another's), and then takes the next turn.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.errors import BatchkitError, DataError, Interrupted

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunJob, RunLedger

Guard = Callable[[], None]

# Batch keeps jobs that have ended for at least seven days (User Guide, "Job states"): a day before that,
# one that cannot be found was certainly never made.
MEMORY_SECONDS = 6 * 24 * 3600


@dataclass(frozen=True)
class Turns:
    """The turns to submit the array `number` of a run.

    `guard` raises when this process is no longer the one to go on (see `runs.intents`).
    """

    ledger: RunLedger
    run: str
    number: int
    guard: Guard
    clock: Callable[[], float] = time.time

    def seen(self) -> RunJob | None:
        """The job as it is known now; None when nobody has ever tried to submit it."""
        return self.ledger.job(self.run, self.number)

    def take(self, before: RunJob | None) -> str:
        """The name of the attempt that may be made now; `before` is the job as this process has seen it.

        Raises Interrupted when somebody else has taken a turn since, and DataError when Batch may have
        forgotten what the last one made.
        """
        self.guard()
        self._check_memory(before)
        turn = uuid.uuid4().hex
        if not self.ledger.take_turn(self.run, self.number, turn, before):
            raise Interrupted(
                f"the run {self.run} is being submitted by another process",
                found="it took the turn to submit the same job",
                expected="one process that submits it",
                fix=f"let the other one go on; batchkit status {self.run}",
            )
        return turn

    def give_back(self, turn: str, before: RunJob | None) -> None:
        """Note that an attempt has ended, and certainly made no job; `before` is what it was taken after."""
        # What went wrong with it is what is reported; without this note the next one only waits longer.
        with suppress(BatchkitError):
            self.ledger.end_turn(self.run, self.number, turn, before)

    def _check_memory(self, before: RunJob | None) -> None:
        if before is None or not before.doubtful:
            return
        age = self.clock() - before.tried
        if age <= MEMORY_SECONDS:
            return
        raise DataError(
            f"nobody knows any more whether a job of the run {self.run} was made",
            found=f"an attempt of {age / 86_400:.0f} days ago, and no job of its name",
            expected="an attempt that Batch remembers: it keeps jobs for seven days",
            fix=f"batchkit cancel {self.run}, and when it has ended batchkit retry {self.run}:"
            " that does what was not done",
        )
