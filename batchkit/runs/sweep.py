"""What the project's bucket, its ledger and its outputs disagree on, as the sources of a run.

The outputs say what is missing or stale. The ledger says what needs no second try: items of the same
bytes that the same recipe rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from batchkit.planning.source_spec import Prefix
from batchkit.planning.states import Outcome
from batchkit.runs.bulk import Bulk
from batchkit.runs.requests import Request

if TYPE_CHECKING:
    from batchkit.aws.listing import Requests
    from batchkit.planning.manifest import Source
    from batchkit.project import Project

THREADS = 32
BLOCK = 512


def request(project: Project) -> Request:
    """All that an upload of the project's would be, compared with its outputs."""
    place = Prefix(project.upload.bucket, project.upload.prefix)
    return Request(source=f"sweep of {place}", spec=place, changed_only=True)


@dataclass(frozen=True, kw_only=True)
class Sweep(Bulk):
    """The bulk lane, with an eye on the ledger."""

    def sources(self, request: Request, requests: Requests) -> Iterator[Source]:
        """What the request chooses, without the tasks that the recipe rejected of the very same bytes."""
        return self._unsettled(super().sources(request, requests))

    def _believed(self) -> None:
        """Nobody's: an output that somebody deleted is to be made again."""

    def _unsettled(self, sources: Iterable[Source]) -> Iterator[Source]:
        tasks = tuple(task.name for task in self.project.recipe.tasks)
        recipe_of, rest = lru_cache(maxsize=10_000)(self._recipe_of), iter(sources)
        with ThreadPoolExecutor(THREADS, "sweep") as pool:
            while block := list(islice(rest, BLOCK)):
                known = pool.map(lambda source: self.ledger.items(source.bucket, source.key), block)
                for source, items in zip(block, known, strict=True):
                    settled = {
                        item["task"]
                        for item in items
                        if _is_rejected(item, source) and recipe_of(item["run"]) == self.project.recipe.digest
                    }
                    left = tuple(task for task in source.tasks or tasks if task not in settled)
                    if left:
                        yield msgspec.structs.replace(source, tasks=() if left == tasks else left)

    def _recipe_of(self, run: str) -> str:
        record = self.ledger.run(run)
        return str(record.get("recipe", "")) if record else ""


def _is_rejected(item: dict[str, Any], source: Source) -> bool:
    return item["outcome"] == Outcome.REJECTED and bool(item["etag"]) and item["etag"] == source.etag
