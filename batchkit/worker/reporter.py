"""A child's reports: one a minute while it works, and one at its end.

A child that is killed says nothing more. What it had reported by then still counts, and what it had done
since is at most what a minute brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.errors import BatchkitError
from batchkit.planning.records import REPORT_SECONDS
from batchkit.worker.report import report

if TYPE_CHECKING:
    from batchkit.aws.ledger import Ledger
    from batchkit.worker.assignment import Assignment
    from batchkit.worker.report import Tally
    from batchkit.worker.telemetry import Telemetry


class Reporter:
    """Reports what is in the ledger. Of two reports of one attempt the later one counts (`report_version`).

    To be used by one thread at a time, so that no two reports are under way at once.
    """

    def __init__(self, assignment: Assignment, tasks: int, ledger: Ledger, telemetry: Telemetry) -> None:
        self._assignment = assignment
        self._tasks = tasks
        self._ledger = ledger
        self._telemetry = telemetry
        self._started = telemetry.now()
        self._last = telemetry.ticks()

    def send(self, tally: Tally) -> None:
        """Report now. Raises Throttled and its like."""
        now = self._telemetry.now()
        self._ledger.record_report(report(self._assignment, self._tasks, tally, self._started, now))

    def send_if_due(self, tally: Tally) -> None:
        """Report if the last time is a minute ago; a trouble with that is told, and left to the next one."""
        if self._telemetry.ticks() - self._last < REPORT_SECONDS:
            return
        try:
            self.send(tally)
        except BatchkitError as error:
            # The report at the end has the same to say: if that is in vain as well, the child fails by it.
            facts = {"error": type(error).__name__, "what": error.what}
            self._telemetry.log("a report on the way was not written", "warning", **facts)
        self._last = self._telemetry.ticks()
