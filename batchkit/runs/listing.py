"""The latest runs, as the ledger's index lists them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from batchkit.planning.states import Counts, RunState

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunLedger


@dataclass(frozen=True)
class Summary:
    """A run in a line: `items` and `cost` (USD) as planned, `counts` once it has ended.

    Times in epoch seconds, 0 where it has not come to that.
    """

    run: str
    state: RunState
    source: str
    recipe: str
    sources: int
    items: int
    children: int
    cost: float
    started: int
    stopped: int
    cancelled: int
    submitted: int
    counts: Counts

    @property
    def word(self) -> str:
        """The state, and that somebody cancelled the run."""
        return f"{self.state.value} (cancelled)" if self.cancelled else self.state.value

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def latest(ledger: RunLedger, lane: str, limit: int) -> list[Summary]:
    """The latest runs of a lane, newest first; a run may take a second to appear."""
    return [_summary(record) for record in ledger.runs(lane, limit)]


def _summary(record: dict[str, Any]) -> Summary:
    return Summary(
        run=record["run"],
        state=RunState(record["state"]),
        counts=Counts(**record.get("counts", {})),
        source=record.get("source", ""),
        recipe=record.get("recipe", ""),
        cost=float(record.get("cost", 0)),
        **{
            name: record.get(name, 0)
            for name in ("sources", "items", "children", "started", "stopped", "cancelled", "submitted")
        },
    )
