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
from batchkit.planning.cost import usd
from batchkit.planning.selection import is_sampled, larger_share
from batchkit.planning.states import Counts
from batchkit.runs import intents, watch

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.run_ledger import Intent
    from batchkit.planning.backfill import Plan
    from batchkit.planning.manifest import Source
    from batchkit.planning.sizing import Model
    from batchkit.runs.bulk import Bulk
    from batchkit.runs.commanding import Command, Done
    from batchkit.runs.requests import Prepared, Request

PURPOSE = "canary"
REST = "rest"

# About as many sources are in the sample that is suggested where one has caught none.
FEWEST = 4

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


@dataclass(frozen=True)
class Both:
    """Both parts of a command; `rest` is None where the canary was all there is."""

    canary: Done
    measured: Measured
    rest: Done | None

    @property
    def is_good(self) -> bool:
        """Whether the part that counts went well: of the canary some may have gone wrong."""
        return (self.rest or self.canary).is_good

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--output json`: the rest, and beside it the canary and what it measured."""
        measured = {
            "seconds": self.measured.seconds,
            "seconds_per_item": self.measured.seconds_per_item,
            "error_rate": self.measured.error_rate,
        }
        return {**(self.rest or self.canary).as_json(), "canary": {**self.canary.as_json(), **measured}}


def carry_out(command: Command, request: Request, share: float, most: float, folder: Path) -> Both | Done:
    """Run the sample of `share`, then the rest unless more than `most` of the sample's items went wrong.

    Both are planned first, so that their cost together is known; the rest once more by what the canary took.
    Raises DataError when that is too much, when their outputs collide, when the canary went wrong, and when
    there is no canary.
    """
    bulk, over = command.bulk, is_over(command.bulk, request, share, most)
    first = command.prepare(sample(request, share), folder / "canary", over=over)
    foreseen = None
    if not first.continued:
        foreseen = command.rehearse(rest(request, share, request.model), folder / "rest")
        if not first.plan.arrays:
            bulk.release(first)
            _check_caught(first.plan, foreseen.plan, share)
            return command.carry_out(foreseen)
        bulk.check_parts(first, foreseen)
        _foretell(command, first.plan, foreseen.plan)
    done = command.carry_out(first, besides=foreseen.plan.cost.total if foreseen else 0.0, wait=True)
    measured = measure(bulk, first.plan)
    if measured.error_rate > most:
        bulk.answered(first)
    check(measured, most)
    later = rest(request, share, measured.model(request.model))
    if first.continued:
        # What it has made is up to date by now, and would leave the limit to others.
        later = replace(later, taken=first.plan.sources)
    prepared = command.prepare(later, folder / "replanned", foreseen=foreseen)
    if prepared.plan.arrays:
        _admit(command, measured)
        return Both(done, measured, command.carry_out(prepared, besides=first.plan.cost.total))
    for part in (first, prepared):
        bulk.release(part)
    command.face.note("the canary was all there is: nothing is left to do")
    return Both(done, measured, None)


def rehearse(command: Command, request: Request, share: float, folder: Path) -> list[Prepared]:
    """Both parts as planned before the canary. Raises DataError when there is none, or they collide."""
    first = command.rehearse(sample(request, share), folder / "canary")
    left = command.rehearse(rest(request, share, request.model), folder / "rest")
    if not first.plan.arrays:
        _check_caught(first.plan, left.plan, share)
    command.bulk.check_parts(first, left)
    return [first, left]


def _check_caught(first: Plan, left: Plan, share: float) -> None:
    """Raises DataError when nothing of the sample is to do, but something else."""
    if not left.arrays:
        return
    given, fresh = f"{share * 100:.6g}%", first.tally.fresh
    fix = f"--canary {larger_share(share, left.sources, FEWEST)} or more; or leave --canary out"
    if fresh:
        raise DataError(
            "the canary is up to date already",
            found=f"nothing to do for {fresh:,} sources, the sample of {given}; {left.sources:,} others left",
            expected="a sample with something to do",
            fix=fix,
        )
    raise DataError(
        "no source is in the canary",
        found=f"{given} of {left.sources:,} sources, chosen by their keys, is none",
        expected="at least one",
        fix=fix,
    )


def _foretell(command: Command, first: Plan, left: Plan) -> None:
    total = first.cost.total + left.cost.total
    command.face.note(
        f"the canary: {first.sources:,} of {first.sources + left.sources:,} sources; both parts together"
        f" cost about {usd(total)} USD, as planned before the canary"
    )


def _admit(command: Command, measured: Measured) -> None:
    """Say so where the rest could not be planned by what the canary took."""
    if not measured.is_telling:
        counts = measured.counts
        command.face.note(
            f"the canary made {counts.done:,} of {counts.items:,} items in {measured.seconds:,} s, too little"
            " to measure by: the rest is planned as it was before the canary"
        )


def sample(request: Request, share: float) -> Request:
    """The request for the canary alone."""
    return replace(request, part=f"{PURPOSE} {share!r}", wanted=_chooser(share, chosen=True))


def rest(request: Request, share: float, model: Model) -> Request:
    """The request for all but the canary, planned with what that measured."""
    return replace(request, part=f"{REST} {share!r}", wanted=_chooser(share, chosen=False), model=model)


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


def is_over(bulk: Bulk, request: Request, share: float, most: float) -> intents.Over:
    """Whether a canary's run is no longer the one to continue: it went wrong, or its rest has ended, too."""
    token = intents.token(rest(request, share, sizing.MODEL).meaning(bulk.project))

    def over(intent: Intent, record: Mapping[str, Any] | None) -> bool:
        if record is None or not intents.is_done(record):
            return False
        if "cancelled" in record or error_rate(Counts(**record.get("counts", {}))) > most:
            return intents.is_over(intent, record)
        after = bulk.ledger.intent(token)
        later = bulk.ledger.run(after.run) if after else None
        if after is None or later is None or later["started"] < record["started"]:
            return False
        return intents.is_over(after, later)

    return over


def error_rate(counts: Counts) -> float:
    """The share of items that were rejected or failed."""
    return (counts.rejected + counts.failed) / counts.items if counts.items else 0.0


def _chooser(share: float, *, chosen: bool) -> Callable[[Source], bool]:
    return lambda source: is_sampled(source.key, share, PURPOSE) is chosen
