"""What an event says is due: a run of which the gallery must hear, or what is left of one.

A function has fifteen minutes. So a large run is cut into spans of shelves: each is an event of its own,
and a span that takes too long ends in an event for its rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from batchkit.aws.bus import Announcement
from batchkit.completion.reading import integer, mapping, text
from batchkit.planning.names import GALLERY_SHELVES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUN_FINISHED = "Run Finished"
ITEM_REJECTED = "Item Rejected"
GALLERY_DUE = "Gallery Due"
FORMAT = 1

# Some two minutes of a function with 256 MB.
SOURCES_PER_SPAN = 5_000
# Spans that are on their way at the same time: what the ledger and the function's account must bear.
MAX_SPANS = 32


@dataclass(frozen=True)
class Due:
    """A run, and those of its sources that lie on the shelves [first, stop)."""

    run: str
    first: int = 0
    stop: int = GALLERY_SHELVES

    @property
    def is_whole(self) -> bool:
        return (self.first, self.stop) == (0, GALLERY_SHELVES)

    def spans(self, sources: int) -> Iterator[Due]:
        """This, cut into parts of nearly the same size for a run of so many sources."""
        shelves = self.stop - self.first
        count = max(1, min(MAX_SPANS, shelves, -(-sources // SOURCES_PER_SPAN)))
        edges = [self.first + shelves * number // count for number in range(count + 1)]
        return (replace(self, first=a, stop=b) for a, b in pairwise(edges))

    def announcement(self, project: str) -> Announcement:
        """The event that makes this due."""
        return Announcement(
            GALLERY_DUE,
            {"format": FORMAT, "project": project, "run": self.run, "first": self.first, "stop": self.stop},
        )


def parse(event: Mapping[str, Any]) -> Due | None:
    """What is due, or None for any other event."""
    kind, detail = event.get("detail-type"), mapping(event, "detail")
    run = text(detail, "run")
    if not run or kind not in (RUN_FINISHED, ITEM_REJECTED, GALLERY_DUE):
        return None
    if kind != GALLERY_DUE:
        return Due(run)
    first, stop = integer(detail, "first"), integer(detail, "stop")
    if first is None or stop is None or not 0 <= first < stop <= GALLERY_SHELVES:
        return None
    return Due(run, first, stop)
