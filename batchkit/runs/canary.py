"""A run in two parts: a small sample first, and the rest when that went well, planned by what it took."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from batchkit.planning.cost import usd
from batchkit.runs.canary_parts import begun, is_over, rest, sample, stored, wider
from batchkit.runs.measured import check, measure

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.planning.backfill import Plan
    from batchkit.runs.commanding import Command, Done
    from batchkit.runs.measured import Measured
    from batchkit.runs.requests import Prepared, Request


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
    A sample in which nothing is to do is widened until something is. Raises DataError when they cost too much
    or their outputs collide, and when the canary went wrong.
    """
    share = share if command.again else begun(command.bulk, request, share, most)
    parts = _plan(command, request, share, most, folder)
    if parts.foreseen is not None:
        if not parts.canary.plan.arrays:
            command.bulk.release(parts.canary)
            return command.carry_out(parts.foreseen)
        command.bulk.check_parts(parts.canary, parts.foreseen)
        _foretell(command, parts.canary.plan, parts.foreseen.plan)
    besides = parts.foreseen.plan.cost.total if parts.foreseen else 0.0
    done = command.carry_out(parts.canary, besides=besides, wait=True)
    measured = measure(command.bulk, parts.canary.plan)
    if measured.error_rate > most:
        command.bulk.answered(parts.canary)
    check(measured, most)
    left = _replan(command, request, parts, measured, folder)
    return _carry_on(command, parts, left, Both(done, measured, None))


def rehearse(command: Command, request: Request, share: float, folder: Path) -> list[Prepared]:
    """Both parts as planned before the canary. Raises DataError when they collide."""
    first = command.rehearse(sample(request, share), folder / "canary")
    left = command.rehearse(rest(request, share, request.model), folder / "rest")
    if left.plan.arrays and not first.plan.arrays:
        return rehearse(command, request, _widened(command, share, left), _below(folder))
    command.bulk.check_parts(first, left)
    return [first, left]


@dataclass(frozen=True)
class _Parts:
    """The canary of `share`, and its rest as it is foreseen: None when the canary had begun before."""

    share: float
    canary: Prepared
    foreseen: Prepared | None


def _plan(command: Command, request: Request, share: float, most: float, folder: Path) -> _Parts:
    over = is_over(command.bulk, request, share, most)
    first = command.prepare(sample(request, share), folder / "canary", over=over)
    if first.continued:
        return _Parts(share, first, None)
    foreseen = command.rehearse(rest(request, share, request.model), folder / "rest")
    if first.plan.arrays or not foreseen.plan.arrays:
        return _Parts(share, first, foreseen)
    command.bulk.release(first)
    return _plan(command, request, _widened(command, share, foreseen), most, _below(folder))


def _replan(command: Command, request: Request, parts: _Parts, measured: Measured, folder: Path) -> Prepared:
    """The rest, by what the canary took. Raises DataError when their outputs collide."""
    first, later = parts.canary, rest(request, parts.share, measured.model(request.model))
    if first.continued:
        # What it has made is up to date by now, and would leave the limit to others.
        later = replace(later, taken=first.plan.sources)
    left = command.prepare(later, folder / "replanned", foreseen=parts.foreseen)
    if first.continued and not left.continued:
        # Objects may have come since the canary was planned.
        command.bulk.check_parts(stored(command.bulk, first, folder / "canary"), left)
    return left


def _carry_on(command: Command, parts: _Parts, left: Prepared, both: Both) -> Both:
    if left.plan.arrays:
        _admit(command, both.measured)
        return replace(both, rest=command.carry_out(left, besides=parts.canary.plan.cost.total))
    for part in (parts.canary, left):
        command.bulk.release(part)
    command.face.note("the canary was all there is: nothing is left to do")
    return both


def _widened(command: Command, share: float, left: Prepared) -> float:
    found = wider(share, left)
    command.face.note(
        f"nothing is to do in the sample of {share * 100:.6g}%: {found * 100:.6g}% are sampled instead"
    )
    return found


def _below(folder: Path) -> Path:
    """A folder for planning once more."""
    below = folder / "wider"
    below.mkdir()
    return below


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
