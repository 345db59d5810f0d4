"""The sum of what the children of a run left in the ledger."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from batchkit.completion.causes import cause
from batchkit.planning.records import ChildFailure, ErrorGroup
from batchkit.planning.states import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batchkit.planning.shards import Shape

# A notice shows the most frequent errors; the rest is in the ledger.
MAX_GROUPS = 10

Example = tuple[str, str]


class Tally:
    """Counts of items, and errors grouped by class with one example each, whatever the order of adding."""

    def __init__(self, shape: Shape, key: str = "") -> None:
        """`key` is the source's, where the run has only one."""
        self.counts = Counts()
        self._shape = shape
        self._key = key
        self._failed = 0
        self._sizes: Counter[str] = Counter()
        self._examples: dict[str, Example] = {}

    def add(self, child: Mapping[str, Any]) -> None:
        """Add a child's record: its report, and what Batch said of its failure, or one of them."""
        counts = Counts(**child["counts"]) if "counts" in child else Counts()
        self.counts += counts
        for group in child.get("errors", ()):
            self._count(group["error_class"], group["count"], (group["key"], group["message"]))
        if "failure" in child:
            self._add_failure(ChildFailure(**child["failure"]), counts)

    def errors(self) -> tuple[ErrorGroup, ...]:
        """The most frequent errors. Items that nobody accounts for have failed, too."""
        silent = self._shape.items - self.counts.items - self._failed
        sizes, examples = self._sizes, self._examples
        if silent > 0:
            sizes = sizes + Counter(NoReport=silent)
            examples = {**examples, "NoReport": (self._key, "a child ended without a report")}
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:MAX_GROUPS]
        return tuple(ErrorGroup(name, sizes[name], *examples[name]) for name in largest)

    def _add_failure(self, failure: ChildFailure, reported: Counts) -> None:
        missing = len(self._shape.shard(failure.child)) - reported.items
        if missing > 0:
            self._failed += missing
            why = cause(failure)
            self._count(why.error_class, missing, (self._key, why.message))

    def _count(self, error_class: str, size: int, example: Example) -> None:
        self._sizes[error_class] += size
        self._examples[error_class] = min(example, self._examples.get(error_class, example))


def tally(children: Iterable[Mapping[str, Any]], shape: Shape, key: str = "") -> Tally:
    """The sum of the records."""
    result = Tally(shape, key)
    for child in children:
        result.add(child)
    return result
