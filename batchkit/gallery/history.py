"""The runs that touched a source, as the gallery tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchkit.completion import recipes
from batchkit.gallery.records import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.aws.objects import Objects


def shown(objects: Objects, artifacts: str, known: Mapping[str, Any]) -> Run:
    """A run's record in the ledger, with the name of its job. Raises DataError for a recipe that is gone."""
    return Run(
        lane=known["lane"],
        state=known["state"],
        job=recipes.document(objects, artifacts, known["recipe"])["uses"],
        started=known["started"],
        stopped=known.get("stopped", 0),
    )
