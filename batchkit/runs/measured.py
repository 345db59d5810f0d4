"""What a canary took, and whether it went well enough for its rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.errors import DataError
from batchkit.planning import sizing
from batchkit.planning.states import Counts
from batchkit.runs import intents, watch

if TYPE_CHECKING:
    from batchkit.planning.backfill import Plan
    from batchkit.planning.sizing import Model
    from batchkit.runs.bulk import Bulk

# The share of items that may go wrong before the rest is left alone.
MAX_ERROR_RATE = 0.05

# The share of items that must have been made for a canary's time to be that of making: one that is up to
# date takes next to none.
MIN_DONE = 0.5


@dataclass(frozen=True)
class Measured:
    """What a canary took: seconds of all its children together, how its items ended, and whether somebody
    cancelled it."""

    plan: Plan
    seconds: int
    counts: Counts
    cancelled: bool = False

    @property
    def error_rate(self) -> float:
        return error_rate(self.counts)

    @property
    def seconds_per_item(self) -> float:
        """Of the items that were made."""
        return self.seconds / self.counts.done if self.counts.done else 0.0

    @property
    def is_telling(self) -> bool:
        """Whether it says what making the rest takes: it took some time, and mostly to make items."""
        return self.seconds > 0 and 0 < self.counts.done >= MIN_DONE * self.counts.items

    def model(self, before: Model = sizing.MODEL) -> Model:
        """The model that would have foretold it, had all items been made; `before` if it tells nothing."""
        if not self.is_telling:
            return before
        whole = self.seconds * self.counts.items / self.counts.done
        return before.calibrated(self.plan.amount, self.plan.vcpus, whole, self.plan.lanes)


def measure(bulk: Bulk, plan: Plan) -> Measured:
    """What a canary that has ended took. Raises DataError for one that has not."""
    record = bulk.ledger.run(plan.run) or {}
    if not intents.has_ended(record):
        raise DataError(f"the canary {plan.run} has not ended", found="RUNNING", expected="its end")
    found = watch.reports(bulk.ledger, plan)
    return Measured(plan, found.seconds, Counts(**record.get("counts", {})), "cancelled" in record)


def check(measured: Measured, most: float) -> None:
    """Raises DataError for a canary that was cancelled, or had more than the share `most` of bad items."""
    if measured.cancelled:
        raise DataError(
            "the canary was cancelled: the rest was not submitted",
            found=f"{measured.plan.run}, cancelled while the command waited for it",
            expected="a canary that ran to its end",
            fix="repeat the command: it starts with a new canary",
        )
    if measured.error_rate > most:
        raise DataError(
            f"the canary {measured.plan.run} went wrong: the rest was not submitted",
            found=f"{measured.error_rate:.1%} of {measured.counts.items} items rejected or failed",
            expected=f"at most {most:.1%} (--max-error-rate)",
            fix=f"batchkit status {measured.plan.run}; then repeat the command: it starts with a new canary",
        )


def error_rate(counts: Counts) -> float:
    """The share of items that were rejected or failed."""
    return (counts.rejected + counts.failed) / counts.items if counts.items else 0.0
