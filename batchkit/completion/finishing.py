"""The end of a run: computed from what the ledger holds, reported, recorded, announced once a state.

Facts may still come when a run has ended: what Batch says of a child can arrive after its parent's end.
So an end has a version that grows with what is known, and whoever learns more computes it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.completion import ending, notice
from batchkit.completion.tally import Tally, tally
from batchkit.planning.records import RunEnd
from batchkit.planning.states import finished

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batchkit.aws.bus import Bus
    from batchkit.aws.ledger import Ledger
    from batchkit.aws.objects import Objects
    from batchkit.planning.records import ArrayEnd
    from batchkit.planning.shards import Shape


@dataclass(frozen=True)
class Run:
    """What a run is, as its jobs or its plan say. `source` and `key` are an upload's only source."""

    id: str
    lane: str
    recipe: str
    shape: Shape
    source: str = ""
    key: str = ""


@dataclass(frozen=True)
class _Found:
    """A run's end as far as it is known, and whether that is more than what is recorded."""

    end: RunEnd
    tally: Tally
    is_news: bool


class Finisher:
    """Ends one project's runs."""

    def __init__(self, project: str, artifacts: str, ledger: Ledger, objects: Objects, bus: Bus) -> None:
        self._project = project
        self._artifacts = artifacts
        self._ledger = ledger
        self._objects = objects
        self._bus = bus

    def finish(self, run: Run, ended: Sequence[ArrayEnd]) -> RunEnd | None:
        """End a run whose jobs have `ended`; the end, when this call announced it.

        Facts that came while it was at work are looked at, too: whoever brought them may have seen a run
        that had not ended yet. And of two that write the report at once, the one that knew less writes it
        again.
        """
        told = last = None
        while (found := self._look(run, ended)).end != last:
            if found.is_news or last is not None:
                self._report(run, found)
            if self._ledger.finish(found.end):
                self._announce(found.end)
                told = found.end
            if not found.is_news and last is None:
                break
            last = found.end
        return told

    def _look(self, run: Run, ended: Sequence[ArrayEnd]) -> _Found:
        record = self._ledger.run(run.id) or {}
        expected = record.get("items")
        sum_ = tally(self._ledger.summed(run.id, run.shape.children), run.shape, run.key, expected)
        end = _end(run, ended, sum_, record)
        return _Found(end, sum_, is_news=end.version > record.get("end", ""))

    def _report(self, run: Run, found: _Found) -> None:
        if run.lane == "bulk":
            ending.write(self._objects, self._artifacts, found.end, found.tally)

    def _announce(self, end: RunEnd) -> None:
        self._bus.put([notice.run_finished(self._project, end, self._artifacts)])
        self._ledger.announced(end.run, end.state)


def _end(run: Run, ended: Sequence[ArrayEnd], tally: Tally, record: Mapping[str, Any]) -> RunEnd:
    """`record` is what was written when a bulk run was submitted; its start and source are to stay."""
    expected, max_bad = record.get("items", run.shape.items), record.get("max_bad", 1.0)
    state, counts = finished(expected, tally.counts, max_bad)
    first = record.get("started") or min((array.started for array in ended), default=0)
    return RunEnd(
        run=run.id,
        lane=run.lane,
        state=state,
        counts=counts,
        sources=run.shape.sources,
        recipe=run.recipe,
        job=ended[0].job if ended else "",
        errors=tally.errors(),
        source=run.source or record.get("source", ""),
        started=first,
        stopped=max((array.stopped for array in ended), default=record.get("cancelled", first)),
        reported=tally.counts.items,
        dead=tally.dead,
        cancelled=record.get("cancelled", 0),
        cancel_reason=record.get("cancel_reason", ""),
    )
