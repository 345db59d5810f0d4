"""What the children of a run have reported so far, read again and again while it runs.

A child reports once a minute, so most of what is read is of those that work at this moment.
A report that accounts for all items of its child is not read a second time: a look at a run of a million
children costs what is new since the last one. Should Batch try such a child again, only the split between
done and fresh could change; the run's end counts anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batchkit.planning import names
from batchkit.planning.cost import billed_seconds
from batchkit.planning.states import Counts, Outcome

if TYPE_CHECKING:
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan
    from batchkit.planning.cost import ComputeType

# Between two children that are still of interest, so many known ones are read along: a page of a Query
# (1 MB) holds about a thousand reports, and another Query costs a round trip.
ALONG = 400

_GAPS = re.compile(rb"\x00+(?:\x01{1,%d}\x00+)*" % ALONG)


@dataclass(frozen=True)
class Reports:
    """The sum of reports; `seconds` is how long their children worked in all, `billed` what of it and of
    their starts is billed."""

    counts: Counts = field(default_factory=Counts)
    seconds: int = 0
    billed: float = 0.0
    children: int = 0

    @classmethod
    def of(cls, record: Mapping[str, Any], compute: ComputeType) -> Reports:
        """One child's, from its record; nothing where it has not reported."""
        if "counts" not in record:
            return cls()
        worked = max(record["stopped"] - record["started"], 0)
        return cls(Counts(**record["counts"]), worked, billed_seconds(compute, worked), 1)

    def __add__(self, other: Reports) -> Reports:
        return Reports(
            self.counts + other.counts,
            self.seconds + other.seconds,
            self.billed + other.billed,
            self.children + other.children,
        )


class Reading:
    """The children of one run. Memory: a byte each. `observe` is shown every record that is read."""

    def __init__(
        self, ledger: RunLedger, plan: Plan, observe: Callable[[Mapping[str, Any]], object] = lambda record: 0
    ) -> None:
        self._ledger = ledger
        self._plan = plan
        self._observe = observe
        self._known = bytearray(plan.children)
        self._sum = Reports()

    def look(self) -> Reports:
        """The sum of all reports so far."""
        compute, rest = self._plan.compute, Reports()
        known = self._sum
        for record in self._unknown():
            child, told = _child(record), Reports.of(record, compute)
            self._observe(record)
            if self._is_last_word(record, child):
                self._known[child] = 1
                known += told
            else:
                rest += told
        self._sum = known
        return known + rest

    def _unknown(self) -> Iterator[dict[str, Any]]:
        """The records of all children but those that had the last word at the last look."""
        before, shards = bytes(self._known), names.report_shards(self._plan.children)
        for shard in range(shards):
            for gap in _GAPS.finditer(before[shard::shards]):
                within = range(shard + shards * gap.start(), shard + shards * (gap.end() - 1) + 1)
                for record in self._ledger.shard(self._plan.run, shard, within):
                    if not before[_child(record)]:
                        yield record

    def _is_last_word(self, record: Mapping[str, Any], child: int) -> bool:
        counts = record.get("counts", {})
        accounted = sum(counts.get(outcome.value, 0) for outcome in Outcome)
        return "failure" in record or accounted >= len(self._plan.shape.shard(child))


def _child(record: Mapping[str, Any]) -> int:
    return int(record["child"] if "child" in record else record["failure"]["child"])
