"""What the ledger knows of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from batchkit.errors import DataError
from batchkit.planning.states import Counts, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.aws.ledger import Ledger


@dataclass(frozen=True)
class Status:
    """A run and its first bad items (as the ledger holds them). `counts` counts items, once it has ended.

    Of a bulk run `items`, `children` and `cost` (USD) are what was planned; `cancelled` (epoch seconds) says
    that somebody stopped it.
    """

    run: str
    state: RunState
    counts: Counts
    sources: int
    source: str
    job: str
    recipe: str
    bad: tuple[Mapping[str, Any], ...]
    items: int = 0
    children: int = 0
    cost: float = 0.0
    cancelled: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--output json`."""
        return asdict(self)


def status(ledger: Ledger, run: str, limit: int) -> Status:
    """The state of a run and at most `limit` of its bad items. Raises DataError for an unknown run."""
    record, bad = ledger.run(run), tuple(islice(ledger.bad_items(run), limit))
    if record is None and not bad:
        raise DataError(
            f"the ledger knows no run '{run}'",
            found="no record and no item of it",
            expected="the id of a run that ended, such as a notification names",
            fix="check the id, the region and the project; a run is recorded when its first job ends",
        )
    record = record or {}
    return Status(
        run=run,
        state=RunState(record.get("state", RunState.RUNNING)),
        counts=Counts(**record.get("counts", {})),
        sources=record.get("sources", 0),
        source=record.get("source", ""),
        job=record.get("job", ""),
        recipe=record.get("recipe", ""),
        bad=bad,
        cost=float(record.get("cost", 0)),
        **{name: record.get(name, 0) for name in ("items", "children", "cancelled")},
    )
