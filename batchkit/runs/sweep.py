"""What the project's bucket, its ledger and its outputs disagree on, as the sources of a run.

The outputs say what is missing or stale. Of that, the ledger says what needs no second try: items of the
same bytes that the same recipe rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from batchkit.planning.source_spec import Prefix
from batchkit.planning.states import Outcome
from batchkit.runs.bulk import Bulk
from batchkit.runs.classify import Classifier
from batchkit.runs.requests import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.planning.manifest import Source
    from batchkit.project import Project


def request(project: Project) -> Request:
    """All that an upload of the project's would be, compared with its outputs."""
    place = Prefix(project.upload.bucket, project.upload.prefix)
    return Request(source=f"sweep of {place}", spec=place, changed_only=True)


@dataclass(frozen=True, kw_only=True)
class Sweep(Bulk):
    """The bulk lane, with an eye on the ledger."""

    def _classifier(self) -> Classifier:
        """The outputs' own word, and no other: one that somebody deleted is to be made again.

        What they say is fresh costs no request of the ledger.
        """
        recipe_of = lru_cache(maxsize=10_000)(self._recipe_of)
        return Classifier(
            self.objects, self.project.recipe, self._place, settled=lambda one: self._settled(one, recipe_of)
        )

    def _settled(self, source: Source, recipe_of: Callable[[str], str]) -> set[str]:
        """The tasks that the recipe rejected of the very same bytes."""
        return {
            item["task"]
            for item in self.ledger.items(source.bucket, source.key)
            if _is_rejected(item, source) and recipe_of(item["run"]) == self.project.recipe.digest
        }

    def _recipe_of(self, run: str) -> str:
        record = self.ledger.run(run)
        return str(record.get("recipe", "")) if record else ""


def _is_rejected(item: dict[str, Any], source: Source) -> bool:
    return item["outcome"] == Outcome.REJECTED and bool(item["etag"]) and item["etag"] == source.etag
