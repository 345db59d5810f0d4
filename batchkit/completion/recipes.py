"""The tasks of a stored recipe. `batchkit.recipe` would load the job; a name is all that is needed here."""

from __future__ import annotations

import json
from typing import Any

from batchkit import canonical
from batchkit.aws.objects import Objects, url
from batchkit.errors import DataError
from batchkit.planning import names


def task_names(objects: Objects, artifacts: str, digest: str) -> tuple[str, ...]:
    """The recipe's tasks, in order. Raises DataError when it is missing or not what its name promises."""
    return tuple(task["name"] for task in document(objects, artifacts, digest)["tasks"])


def document(objects: Objects, artifacts: str, digest: str) -> dict[str, Any]:
    """A stored recipe (see `batchkit.recipe`). Raises DataError when it is missing or not what its name
    promises."""
    key = names.recipe_key(digest)
    stored = objects.get(artifacts, key)
    if stored is None or canonical.digest(stored.body) != digest:
        raise DataError(
            f"the recipe {url(artifacts, key)} cannot be used",
            found="no such object" if stored is None else f"SHA-256 {canonical.digest(stored.body)}",
            expected=f"SHA-256 {digest}",
            fix="deploy again: it writes the recipe anew",
        )
    return dict(json.loads(stored.body))
