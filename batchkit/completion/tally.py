"""The sum of what the children of a run left in the ledger."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from batchkit.completion.causes import cause
from batchkit.planning.diagnoses import NO_REPORT
from batchkit.planning.fingerprints import fingerprint
from batchkit.planning.records import ChildFailure, ErrorGroup
from batchkit.planning.states import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batchkit.planning.shards import Shape

# A notice shows the most frequent errors; the rest is in the end-of-run report.
MAX_GROUPS = 10

# Each error is kept with an example: some 10 MB for so many. Rarer ones are counted by their class.
MAX_FINGERPRINTS = 10_000

# What is known of a child: that it accounts for some of its shard, or for all that it ever will.
NOTHING, SOME, ALL = range(3)

Example = tuple[str, str, int, str]  # key, message, child, log stream: as in ErrorGroup
Kind = tuple[str, bool, str]  # error class, whether rejected, fingerprint


class Tally:
    """Counts of items, and errors grouped by fingerprint with one example each, whatever the order of adding.

    `children` counts those that reported, `dead` those that failed for good. `attempts` are those that are
    known, by the seconds that they worked: all of a dead child, the last one of any other, whose `earlier`
    ones nobody tells of.
    """

    def __init__(self, shape: Shape, key: str = "", expected: int | None = None) -> None:
        """`key` is the source's, where the run has only one; `expected` items, where the manifest names a
        subset of the tasks: all of the shape otherwise."""
        self.counts = Counts()
        self.children = 0
        self.dead = 0
        self.attempts: Counter[int] = Counter()
        self.earlier = 0
        # A byte a child, how much is known of it: a megabyte for the largest run.
        self._seen = bytearray(shape.children)
        self._shape = shape
        self._expected = shape.items if expected is None else expected
        self._key = key
        self._reported: Counter[Kind] = Counter()
        self._lost: Counter[Kind] = Counter()
        self._examples: dict[Kind, Example] = {}

    def add(self, child: Mapping[str, Any]) -> None:
        """Add a child's record: its report, and what Batch said of its failure, or one of them."""
        counts = Counts(**child["counts"]) if "counts" in child else Counts()
        self.counts += counts
        self.children += "counts" in child
        self._add_attempts(child)
        for group in child.get("errors", ()):
            example = group["key"], group["message"], child.get("child", -1), ""
            kind = self._kind(group["error_class"], example, rejected=group.get("rejected", False))
            self._reported[kind] += group["count"]
        number = child.get("child", -1)
        if 0 <= number < len(self._seen):
            self._seen[number] = ALL if counts.items >= len(self._shape.shard(number)) else SOME
        if "failure" in child:
            self._seen[child["failure"]["child"]] = ALL
            self.dead += 1
            self._add_failure(ChildFailure(**child["failure"]), counts)

    def errors(self) -> tuple[ErrorGroup, ...]:
        """The most frequent classes of errors. Items that nobody accounts for have failed, too."""
        sizes: Counter[tuple[str, bool]] = Counter()
        examples: dict[tuple[str, bool], Example] = {}
        for group in self.groups():
            kind = group.error_class, group.rejected
            example = group.key, group.message, group.child, group.log_stream
            sizes[kind] += group.count
            examples[kind] = min(example, examples.get(kind, example))
        largest = sorted(sizes, key=lambda kind: (-sizes[kind], kind))[:MAX_GROUPS]
        return tuple(_group(kind[0], sizes[kind], examples[kind], rejected=kind[1]) for kind in largest)

    def groups(self) -> tuple[ErrorGroup, ...]:
        """All errors by fingerprint, the most frequent first."""
        missing = max(self._expected - self.counts.items, 0)
        sizes = self._reported + share(self._lost, missing)
        examples = self._examples
        silent = missing - min(self._lost.total(), missing)
        if silent:
            kind = NO_REPORT.error_class, False, ""
            sizes[kind] += silent
            examples = {**examples, kind: (self._key, NO_REPORT.message, self._silent_child(), "")}
        ordered = sorted(sizes, key=lambda kind: (-sizes[kind], kind))
        return tuple(_group(kind[0], sizes[kind], examples[kind], rejected=kind[1]) for kind in ordered)

    def _silent_child(self) -> int:
        """One of which nothing is known, else one that went silent before its end; -1 where there is none."""
        return next((child for word in (NOTHING, SOME) if (child := self._seen.find(word)) >= 0), -1)

    def _add_attempts(self, child: Mapping[str, Any]) -> None:
        # Batch sends no event of a child that succeeded: its own report is all there is.
        if worked := child.get("failure", {}).get("worked"):
            self.attempts.update(worked)
        elif "counts" in child:
            self.attempts[max(child.get("stopped", 0) - child.get("started", 0), 0)] += 1
            self.earlier += max(child.get("attempt", 1) - 1, 0)

    def _add_failure(self, failure: ChildFailure, reported: Counts) -> None:
        missing = len(self._shape.shard(failure.child)) - reported.items
        if missing > 0:
            why = cause(failure)
            example = self._key, why.message, failure.child, failure.log_stream
            self._lost[self._kind(why.error_class, example)] += missing

    def _kind(self, error_class: str, example: Example, *, rejected: bool = False) -> Kind:
        kind = error_class, rejected, fingerprint(error_class, example[1])
        if kind not in self._examples and len(self._examples) >= MAX_FINGERPRINTS:
            kind = error_class, rejected, ""
        self._examples[kind] = min(example, self._examples.get(kind, example))
        return kind


def _group(error_class: str, count: int, example: Example, *, rejected: bool) -> ErrorGroup:
    key, message, child, log_stream = example
    return ErrorGroup(error_class, count, key, message, rejected, child, log_stream)


def tally(
    children: Iterable[Mapping[str, Any]], shape: Shape, key: str = "", expected: int | None = None
) -> Tally:
    """The sum of the records."""
    result = Tally(shape, key, expected)
    for child in children:
        result.add(child)
    return result


def share(weights: Counter[Kind], total: int) -> Counter[Kind]:
    """The weights, or where they add up to more than `total`, their shares of it, by largest remainder.

    A dead child's part is known as its shard; of a manifest that names some tasks it is less than that.
    """
    whole = weights.total()
    if whole <= total:
        return Counter(weights)
    result = Counter({kind: weight * total // whole for kind, weight in weights.items()})
    by_remainder = sorted(weights, key=lambda kind: (-(weights[kind] * total % whole), kind))
    result.update(by_remainder[: total - result.total()])
    return +result
