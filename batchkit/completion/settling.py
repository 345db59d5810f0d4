"""What is learnt of a run after its end: a burst of late facts makes one new end, not one for each.

Whoever brings a fact records it, notes on the run that one came, and tries to take the run's lease. Its
holder computes the end anew, and gives the lease back only if no fact came since it began to look. All others
leave it to the holder. Should that one die, its event is delivered again and takes its own lease again; an
event is forgotten (`Ledger.hear`) only when it is settled, or somebody else holds the lease.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from batchkit.errors import Throttled

if TYPE_CHECKING:
    from batchkit.aws.ledger import Ledger
    from batchkit.completion.finishing import Finisher, Run
    from batchkit.planning.records import ArrayEnd, RunEnd

# Seconds between two looks while facts keep coming. Together they are half a minute of the fifteen that the
# function may take.
WAITS = (1, 2, 4, 8, 16)


class Settler:
    """Brings the ends of runs up to date, one at a time a run."""

    def __init__(
        self, ledger: Ledger, finisher: Finisher, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._ledger = ledger
        self._finisher = finisher
        self._sleep = sleep

    def settle(self, run: Run, owner: str, ended: Callable[[], Sequence[ArrayEnd]]) -> RunEnd | None:
        """See that a fact, which is recorded, gets into the run's end; the end, if this call announced it.

        `owner` is the same whenever the fact's event is delivered; `ended` gives the jobs that have ended.
        Raises Throttled when facts keep coming: the event is to be delivered again.
        """
        self._ledger.came_late(run.id)
        if not self._ledger.take_lease(run.id, owner):
            return None
        told = None
        for wait in (*WAITS, None):
            late = self._ledger.late(run.id)
            told = self._finisher.finish(run, ended()) or told
            if self._ledger.end_lease(run.id, owner, late):
                return told
            if wait is not None:
                self._sleep(wait)
        raise Throttled(
            f"facts about the run '{run.id}' keep coming after its end",
            found=f"more of them in each of {len(WAITS) + 1} looks",
            expected="that they end within half a minute",
            fix="nothing: the event is delivered again, and the run's end is computed anew",
        )
