"""Which run a command works on: a new one, or the one that the same command had begun.

A run of which no plan is stored is not gone on with: only the process that named a run writes its manifest
and its plan. One that was suspended in the middle of that, and wakes when the command was repeated long ago,
overwrites nothing that anybody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit import canonical
from batchkit.errors import DataError, Interrupted
from batchkit.planning import names
from batchkit.planning.states import RunState

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import Intent, RunLedger

# Whether a command's run, of which the ledger holds the record, is no longer the one to continue.
Over = Callable[["Intent", Mapping[str, Any] | None], bool]


@dataclass(frozen=True)
class Claim:
    """A run to work on, and whether the same command may have begun it before."""

    intent: Intent
    continued: bool

    @property
    def run(self) -> str:
        return self.intent.run


def token(meaning: Mapping[str, Any]) -> str:
    """What stands for a command: 64 hexadecimal digits, the same for the same meaning (JSON-able)."""
    return canonical.digest(canonical.encode(meaning))


def has_ended(record: Mapping[str, Any] | None) -> bool:
    """Whether a run's record says that it has ended."""
    return record is not None and record.get("state", RunState.RUNNING) != RunState.RUNNING


def is_done(record: Mapping[str, Any] | None) -> bool:
    """Whether nothing is left to do of a run: it has ended, and was submitted to the last job, or cancelled.

    The jobs of a submission that was interrupted may have ended before it is continued. The children of a run
    that was cancelled are at work until they have heard of it.
    """
    return record is not None and has_ended(record) and not {"submitted", "cancelled"}.isdisjoint(record)


def is_over(intent: Intent, record: Mapping[str, Any] | None) -> bool:
    """Whether a run is done, and whoever asked for it knows.

    A command that lost its connection while it waited did not say how the run ended: repeated, it says
    that, instead of doing and paying for everything once more.
    """
    return is_done(record) and (intent.answered or "cancelled" in (record or {}))


def claim(
    ledger: RunLedger,
    token: str,
    started: int,
    owner: str,
    *,
    is_planned: Callable[[str], bool],
    again: bool = False,
    over: Over = is_over,
    delivery: str = "",
) -> Claim:
    """The run to work on as `owner`: the one this command had begun, unless it is over, else a new one.

    `started` in epoch seconds is the new one's; `owner` is unique, and so is the run that it names.
    `is_planned` says of a run whether its plan is stored; `again` asks for a new one in any case. `delivery`
    tells commands apart that a schedule repeats: the run of one and the same delivery is continued even if it
    is over, so that a second copy of it does nothing.

    Raises DataError while the children of a run that was cancelled are still at work, unless `again`.
    """
    new = names.bulk_run(started, owner)

    def is_left(intent: Intent, *, again: bool = False) -> bool:
        if not is_planned(intent.run):
            return True
        if delivery and intent.delivery == delivery:
            return False
        record = ledger.run(intent.run)
        if again or over(intent, record):
            return True
        _check_not_stopping(intent.run, record)
        return False

    intent = ledger.claim_intent(token, new, owner, delivery=delivery)
    # The plan is looked for after the claim: whoever had the run until then may still store one, and is
    # stopped before the run is recorded.
    while intent.run != new and is_left(intent, again=again):
        intent, again = ledger.claim_intent(token, new, owner, over=intent.run, delivery=delivery), False
    return Claim(intent, continued=intent.run != new)


def _check_not_stopping(run: str, record: Mapping[str, Any] | None) -> None:
    """Raises DataError for a run that was cancelled and has not ended: a new one would work beside it."""
    if record is None or "cancelled" not in record or has_ended(record):
        return
    raise DataError(
        f"the run {run}, which the same command had begun, was cancelled and has not ended",
        found="children that are told to stop, and may be at work",
        expected="a run whose children have all ended",
        fix=f"repeat the command when it has ended: batchkit status {run} --watch; if it never does,"
        f" batchkit cancel {run} ends it",
    )


def guard(ledger: RunLedger, claim: Claim) -> Callable[[], None]:
    """Raises Interrupted when the same command goes on with the run elsewhere, or the run was cancelled."""

    def check() -> None:
        if not ledger.holds(claim.intent):
            raise Interrupted(
                f"the run {claim.run} is being submitted by another process",
                found="the same command was started once more",
                expected="one process that submits it",
                fix=f"let the other one go on; batchkit status {claim.run}",
            )
        if (ledger.run(claim.run) or {}).get("cancelled"):
            raise Interrupted(
                f"the run {claim.run} was cancelled",
                found="not all of its jobs are submitted, and the others were told to end",
                expected="a run that nobody stopped",
                fix=f"repeat the command when it has ended; batchkit status {claim.run}",
            )

    return check
