"""A run in two parts: a small sample first, and the rest when that went well, planned by what it took.

The sample is a function of the keys, so both parts agree on it without knowing each other. Each part is
a run of its own, which an interrupted command continues.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from batchkit.errors import DataError
from batchkit.planning import sizing
from batchkit.planning.selection import is_sampled
from batchkit.planning.states import Counts
from batchkit.runs import intents, watch

if TYPE_CHECKING:
    from batchkit.planning.backfill import Plan
    from batchkit.planning.manifest import Source
    from batchkit.planning.sizing import Model
    from batchkit.runs.bulk import Bulk, Request

PURPOSE = "canary"
REST = "rest"

# The share of items that may go wrong before the rest is left alone.
MAX_ERROR_RATE = 0.05


@dataclass(frozen=True)
class Measured:
    """What a canary took: seconds of all its children together, and how its items ended."""

    plan: Plan
    seconds: int
    counts: Counts

    @property
    def error_rate(self) -> float:
        return error_rate(self.counts)

    @property
    def seconds_per_item(self) -> float:
        return self.seconds / self.counts.items if self.counts.items else 0.0

    def model(self, before: Model = sizing.MODEL) -> Model:
        """The cost model that would have foretold it."""
        plan = self.plan
        unsized = 0 if plan.bytes else plan.sources
        amount = sizing.amount(plan.sources, plan.bytes, plan.items, unsized)
        return before.calibrated(amount, plan.vcpus, self.seconds)


def sample(request: Request, share: float) -> Request:
    """The request for the canary alone."""
    return replace(request, part=f"{PURPOSE} {share!r}", wanted=_chooser(share, chosen=True))


def rest(request: Request, share: float, model: Model) -> Request:
    """The request for all but the canary, planned with what that measured."""
    return replace(request, part=f"{REST} {share!r}", wanted=_chooser(share, chosen=False), model=model)


def measure(bulk: Bulk, plan: Plan) -> Measured:
    """What a canary that has ended took. Raises DataError for one that has not."""
    record = bulk.ledger.run(plan.run)
    if not intents.has_ended(record):
        raise DataError(f"the canary {plan.run} has not ended", found="RUNNING", expected="its end")
    found = watch.reports(bulk.ledger, plan)
    return Measured(plan, found.seconds, Counts(**(record or {}).get("counts", {})))


def check(measured: Measured, most: float) -> None:
    """Raises DataError when more than the share `most` of the canary's items went wrong."""
    if measured.error_rate > most:
        raise DataError(
            f"the canary {measured.plan.run} went wrong: the rest was not submitted",
            found=f"{measured.error_rate:.1%} of {measured.counts.items} items rejected or failed",
            expected=f"at most {most:.1%} (--max-error-rate)",
            fix=f"batchkit status {measured.plan.run}; then repeat the command: it starts with a new canary",
        )


def is_over(bulk: Bulk, request: Request, share: float, most: float) -> intents.Over:
    """Whether a canary's run is no longer the one to continue: it went wrong, or its rest has ended, too."""
    token = intents.token(rest(request, share, sizing.MODEL).meaning(bulk.project))

    def over(record: Mapping[str, Any] | None) -> bool:
        if record is None or not intents.is_over(record):
            return False
        if error_rate(Counts(**record.get("counts", {}))) > most:
            return True
        intent = bulk.ledger.intent(token)
        later = bulk.ledger.run(intent.run) if intent else None
        return later is not None and later["started"] >= record["started"] and intents.is_over(later)

    return over


def error_rate(counts: Counts) -> float:
    """The share of items that were rejected or failed."""
    return (counts.rejected + counts.failed) / counts.items if counts.items else 0.0


def _chooser(share: float, *, chosen: bool) -> Callable[[Source], bool]:
    return lambda source: is_sampled(source.key, share, PURPOSE) is chosen
