"""Items, shards and children.

Items are numbered source-major: item n is (source n // tasks, task n % tasks). A child does
`per_child` consecutive items, its shard. One arithmetic serves both lanes: an upload is one source
with `per_child` 1, a backfill has `per_child` k·tasks so that a source is decoded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Slice:
    """Consecutive tasks [first, stop) of one source: what is made from one decode."""

    source: int
    first: int
    stop: int


@dataclass(frozen=True)
class Shape:
    """The size of a run: sources ≥ 0, tasks ≥ 1 per source, per_child ≥ 1 items per child."""

    sources: int
    tasks: int
    per_child: int

    def __post_init__(self) -> None:
        if self.sources < 0 or self.tasks < 1 or self.per_child < 1:
            raise ValueError(f"impossible shape: {self}")

    @property
    def items(self) -> int:
        return self.sources * self.tasks

    @property
    def children(self) -> int:
        return -(-self.items // self.per_child)

    def shard(self, child: int) -> range:
        """The items of a child, empty past the last one. Raises IndexError for a negative child."""
        if child < 0:
            raise IndexError(child)
        first = min(child * self.per_child, self.items)
        return range(first, min(first + self.per_child, self.items))

    def sources_of(self, child: int) -> range:
        """The sources that a child reads: contiguous, the outer two possibly shared with its neighbours."""
        shard = self.shard(child)
        if not shard:
            return range(0)
        return range(shard[0] // self.tasks, shard[-1] // self.tasks + 1)

    def slices(self, child: int) -> Iterator[Slice]:
        """A child's items, grouped by source, in order."""
        shard = self.shard(child)
        for source in self.sources_of(child):
            start = source * self.tasks
            yield Slice(
                source=source,
                first=max(shard.start - start, 0),
                stop=min(shard.stop - start, self.tasks),
            )
