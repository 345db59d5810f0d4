"""The job: a document becomes one small JSON document for each algorithm.

A job has a version, plans its tasks from the recipe, and makes their outputs from a source's bytes. It knows
nothing of buckets, queues or the ledger, so it is tested with bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchkit.job import ConfigError, Original, Output, Rejected, Task

ALGORITHMS = ("sha256", "sha512", "blake2b", "md5")


class Checksums:
    """`algorithms` of the recipe, one task each."""

    # Raise it when the same recipe would make other bytes: existing outputs are then stale.
    version = "1"

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        """One task for each algorithm. Raises ConfigError for one that nobody has heard of."""
        wanted = recipe.get("algorithms", ["sha256"])
        unknown = [name for name in wanted if name not in ALGORITHMS]
        if unknown:
            raise ConfigError(
                "[job] algorithms", found=", ".join(unknown), expected=f"some of {', '.join(ALGORITHMS)}"
            )
        return [Task(name=name, extension="json", parameters={"algorithm": name}) for name in wanted]

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output]:
        """The outputs of some of the tasks. Raises Rejected for a document without a byte in it."""
        if not original.body:
            raise Rejected("EmptyDocument", "there is nothing to sum up")
        for task in tasks:
            digest = hashlib.new(task.parameters["algorithm"], original.body).hexdigest()
            document = {"key": original.key, "bytes": len(original.body), task.name: digest}
            body = json.dumps(document, sort_keys=True).encode()
            # Facts go to the ledger and to the output's metadata.
            yield Output(task.name, body, "application/json", facts={"digest": digest[:16]})
