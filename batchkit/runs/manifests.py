"""What S3 holds of a run: its plan and its manifest, read in blocks whatever the size of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.aws.objects import Objects, url
from batchkit.errors import DataError
from batchkit.planning import manifest, names
from batchkit.planning.backfill import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.planning.manifest import Source

BLOCK_SOURCES = 1000


def load_plan(objects: Objects, artifacts: str, run: str) -> Plan:
    """The plan of a bulk run. Raises DataError where there is none."""
    key = names.plan_key(run)
    stored = objects.get(artifacts, key)
    if stored is None:
        raise DataError(
            f"the plan of the run '{run}' is missing",
            found=f"no object {url(artifacts, key)}",
            expected="the plan of a run that `batchkit submit` submitted",
            fix="check the id; a run of an upload has no plan",
        )
    return Plan.from_json(stored.body)


class Manifest:
    """The sources of one run."""

    def __init__(self, objects: Objects, artifacts: str, run: str, sources: int) -> None:
        self._objects = objects
        self._artifacts = artifacts
        self._run = run
        self._sources = sources

    def __iter__(self) -> Iterator[Source]:
        """All sources in order, two requests for a thousand of them."""
        for first in range(0, self._sources, BLOCK_SOURCES):
            yield from self.part(range(first, min(first + BLOCK_SOURCES, self._sources)))

    def part(self, wanted: range) -> tuple[Source, ...]:
        """Consecutive sources, with two requests. Raises DataError for a damaged or missing manifest."""
        if not wanted:
            return ()
        index = self._range(names.index_key(self._run), *manifest.index_range(wanted))
        lines = self._range(names.manifest_key(self._run), *manifest.read_offsets(index, wanted))
        return manifest.read(lines, len(wanted))

    def _range(self, key: str, first: int, stop: int) -> bytes:
        found = self._objects.get_range(self._artifacts, key, first, stop)
        if found is None:
            raise DataError(
                f"a part of the run '{self._run}' is missing",
                found=f"no object {url(self._artifacts, key)}",
                expected="manifest and index of a run that `batchkit submit` submitted",
            )
        return found.body
