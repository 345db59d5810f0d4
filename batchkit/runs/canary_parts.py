"""The two parts of a run with a canary: which sources are whose, and which canary a command had begun.

The sample is a function of the keys, so both parts agree on it without knowing each other. Each part is
a run of its own, which an interrupted command continues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from batchkit.planning import sizing
from batchkit.planning.backfill import Found
from batchkit.planning.selection import is_sampled, wider_share, wider_shares
from batchkit.planning.states import Counts
from batchkit.runs import intents
from batchkit.runs.manifests import Manifest
from batchkit.runs.measured import error_rate
from batchkit.runs.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.run_ledger import Intent
    from batchkit.planning.manifest import Source
    from batchkit.planning.sizing import Model
    from batchkit.runs.bulk import Bulk
    from batchkit.runs.requests import Prepared, Request

PURPOSE = "canary"
REST = "rest"

# So many sources are at least in a sample that is widened because it had nothing to do.
FEWEST = 4


def sample(request: Request, share: float) -> Request:
    """The request for the canary alone."""
    return replace(request, part=f"{PURPOSE} {share!r}", wanted=_chooser(share, chosen=True))


def rest(request: Request, share: float, model: Model) -> Request:
    """The request for all but the canary, planned with what that measured."""
    return replace(request, part=f"{REST} {share!r}", wanted=_chooser(share, chosen=False), model=model)


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


def begun(bulk: Bulk, request: Request, share: float, most: float) -> float:
    """The share of the canary that the same command had begun, which may be a widened one; else `share`."""
    for wider in (share, *wider_shares(share)):
        intent = bulk.ledger.intent(intents.token(sample(request, wider).meaning(bulk.project)))
        if intent and not is_over(bulk, request, wider, most)(intent, bulk.ledger.run(intent.run)):
            return wider
    return share


def wider(share: float, left: Prepared) -> float:
    """The share whose sample has something to do, of what that of `share` has `left` to do."""
    keys = (source.key for source in left.spool.sources()) if left.spool else ()
    return wider_share(share, keys, PURPOSE, FEWEST)


def stored(bulk: Bulk, prepared: Prepared, folder: Path) -> Prepared:
    """A part that was planned before, with its sources read back from its manifest into `folder`."""
    plan, buckets, spool = prepared.plan, set[str](), Spool.within(folder)

    def seen() -> Iterator[Source]:
        for source in Manifest(bulk.objects, bulk.artifacts, plan.run, plan.sources):
            buckets.add(source.bucket)
            yield source

    spool.write(seen())
    found = Found(plan.sources, plan.bytes, plan.items, buckets=frozenset(buckets))
    return replace(prepared, spool=spool, found=found)


def _chooser(share: float, *, chosen: bool) -> Callable[[Source], bool]:
    return lambda source: is_sampled(source.key, share, PURPOSE) is chosen
