"""Whose turn it is to retry a run: of a run, its retries and theirs, one retry is submitted at a time.

look ─ claim ─ look again ─ continue what broke off, or plan anew ─ submit, as long as the claim holds

Whoever looks after the claim sees all that others had recorded before it; and what they would submit after
it, their guard refuses. So no two retries have the same items under way, at whatever moment they are typed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from batchkit.errors import DataError, Interrupted
from batchkit.runs import intents
from batchkit.runs.outcomes import Outcomes, identity
from batchkit.runs.retry_items import FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.aws.run_ledger import Intent
    from batchkit.planning.backfill import Plan
    from batchkit.runs.bulk import Bulk
    from batchkit.runs.results import Result


@dataclass(frozen=True)
class Family:
    """The run to retry (`chosen`), and the one that all of it goes back to: itself, unless it is a retry."""

    chosen: Outcomes
    root: Outcomes

    @classmethod
    def of(cls, bulk: Bulk, run: str) -> Family:
        """Raises DataError for a run that the ledger does not know."""
        first = run
        while above := bulk.ledger.retry_of(first):
            first = above
        chosen, root = (Outcomes(bulk.ledger, bulk.objects, bulk.artifacts, one) for one in (run, first))
        return cls(chosen, root)

    @property
    def members(self) -> tuple[Outcomes, ...]:
        """The root, its retries and theirs, also those whose submission broke off."""
        return (self.root, *self.root.retries, *self.root.broken_off)

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plans of the members, by run."""
        return self.root.plans

    def bad(self) -> Iterator[Result]:
        """What is still bad of the chosen run, by whichever member had the last word on it.

        Memory: as `Outcomes.bad`; of a run that is a retry itself some 70 bytes for each of its items more.
        """
        if self.chosen.run == self.root.run:
            return self.root.bad()
        ours = frozenset(identity(*item) for item in self.chosen.items())
        found = self.root.bad()
        return (one for one in found if identity(one.bucket, one.key, one.task) in ours)


@dataclass(frozen=True)
class Turn:
    """The right to retry a run: on `bulk`, nothing is submitted any more once somebody else has it.

    `begun` are the plans of those retries, of the same kinds and recipe, whose submission broke off: to be
    continued before anything else is planned.
    """

    bulk: Bulk
    family: Family
    begun: tuple[Plan, ...]


def take(bulk: Bulk, run: str, only: Iterable[str], *, dry_run: bool = False) -> Turn:
    """Take the turn, from whoever has it and has not submitted yet; a dry run only looks.

    Raises DataError when the run, or any other of its family, has not ended: also one that was broken off
    before it had a job, as it could still be continued, beside this one.
    """
    kinds = tuple(only)
    found = _look(bulk, run, kinds)
    # Nothing is taken from a retry that is under way.
    return found if dry_run else _look(_claimed(bulk, found.family.root.run), run, kinds)


def name(run: str, only: Iterable[str]) -> str:
    """What a run does that retries `run`, for people. Without `only`, those that failed are retried."""
    wanted = frozenset(only)
    kinds = "" if wanted <= {FAILED} else ", ".join(sorted(wanted))
    return f"retry of {run}" + (f" ({kinds})" if kinds else "")


def is_over(intent: Intent, record: Mapping[str, Any] | None) -> bool:
    """Whether a retry's run is no longer the one to continue: when it is done, whoever knows of it.

    What is bad is looked at anew each time, so what is said of the old run would be said of something else.
    """
    return intents.is_done(record)


def _look(bulk: Bulk, run: str, only: Iterable[str]) -> Turn:
    family = Family.of(bulk, run)
    wanted, recipe = name(run, only), bulk.project.recipe.digest
    broken_off = (one for one in family.chosen.broken_off if one.source == wanted)
    begun = {one.run: one.plan for one in broken_off if one.plan.recipe == recipe}
    for one in family.members:
        if one.run not in begun:
            _check_ended(one)
    return Turn(bulk, family, tuple(begun.values()))


def _claimed(bulk: Bulk, root: str) -> Bulk:
    token = intents.token({"retries of": root})
    mine = bulk.ledger.claim_intent(token, root, uuid.uuid4().hex, over=root)
    return replace(bulk, permit=_permit(bulk, mine))


def _permit(bulk: Bulk, mine: Intent) -> Callable[[str], None]:
    def permit(run: str) -> None:
        """Raises Interrupted when somebody else has the turn."""
        if bulk.ledger.holds(mine):
            return
        members = Family.of(bulk, mine.run).members
        others = [one.run for one in members if not one.has_ended and one.run != run]
        raise Interrupted(
            f"{run} is not submitted: another retry of the same items was begun since",
            found=", ".join(others) or "one that has not begun a run of its own",
            expected="one retry at a time of a run and its retries",
            fix=f"let the other one go on; batchkit status {others[0] if others else mine.run}",
        )

    return permit


def _check_ended(outcomes: Outcomes) -> None:
    if not outcomes.has_ended:
        run = outcomes.run
        cancel = f"batchkit cancel {run}"
        repeat = f"repeat the command that began to submit it ({outcomes.source})"
        begun = repeat if outcomes.is_broken_off else ""
        raise DataError(
            f"the run '{run}' has not ended",
            found=f"state {outcomes.record['state']}" + (", not all of its jobs submitted" if begun else ""),
            expected="a run whose children have all ended",
            fix=f"{begun or f'wait (batchkit status {run} --watch)'}, or {cancel}",
        )
