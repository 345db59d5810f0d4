"""From a request to a plan that nobody has submitted.

sources of the request ─ compared with what there is of them ─ spool ─ plan
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from batchkit.aws.listing import Requests
from batchkit.planning.source_spec import KeyFile
from batchkit.runs import duplicates, planner
from batchkit.runs.gather import gather, named
from batchkit.runs.interrupts import Stopped, until_stopped
from batchkit.runs.requests import Prepared, Request
from batchkit.runs.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.clients import Clients
    from batchkit.planning.backfill import Found, Plan
    from batchkit.planning.manifest import Source
    from batchkit.project import Project
    from batchkit.runs.classify import Classifier


@dataclass(frozen=True)
class Drafting:
    """Drafts the runs of one project; nothing but files on this machine is written.

    `classifier` makes one that says which sources changed, for each draft that leaves out what is fresh.
    """

    project: Project
    clients: Clients
    classifier: Callable[[], Classifier]
    clock: Callable[[], float]

    def draft(self, request: Request, run: str, folder: Path, stopped: Stopped) -> Prepared:
        """List, compare, spool into `folder`, plan as `run`. Raises Interrupted once `stopped` says so."""
        spool, request = Spool.within(folder), self._without_repeats(request, folder, stopped)
        requests, classifier = Requests(), self.classifier() if request.changed_only else None
        found = planner.collect(
            until_stopped(self._sources(request, requests), stopped),
            spool,
            target=self._target,
            classify=classifier.classify if classifier else None,
            limit=request.selection.limit,
            wanted=request.wanted,
            taken=request.taken,
            repeated=request.repeats.count if request.repeats else 0,
        )
        # Counted as they are made: filters leave out objects that were listed, too.
        found = replace(found, lists=requests.number)
        if classifier is not None:
            found = replace(found, asked=classifier.asked.number, looked=classifier.looked.number)
        return Prepared(self.plan(request, run, found), spool, found=found)

    def plan(self, request: Request, run: str, found: Found) -> Plan:
        """The plan of what drafting the same request has found."""
        started, options = int(self.clock()), request.options(self.project)
        return planner.make_plan(found, run=run, started=started, target=self._target, options=options)

    def check_parts(self, parts: Sequence[Prepared]) -> None:
        """Raises DataError when parts of one command, all planned by now, overwrite each other's outputs."""
        planned = [
            (part.found, part.spool) for part in parts if part.found is not None and part.spool is not None
        ]
        planner.check_parts(planned, self._target)

    def _sources(self, request: Request, requests: Requests) -> Iterator[Source]:
        """What the request chooses, whatever became of it before; `requests` counts what listing it took."""
        if request.keys is None:
            yield from gather(request.spec, request.selection, self.clients, requests=requests)
            return
        with request.keys.open("rb") as file:
            yield from gather(request.spec, request.selection, self.clients, file, request.repeats)

    def _without_repeats(self, request: Request, folder: Path, stopped: Stopped) -> Request:
        """The request that knows which lines of its file name what was named before."""
        if request.keys is None or not isinstance(request.spec, KeyFile):
            return request
        with request.keys.open("rb") as file:
            found = duplicates.find(until_stopped(named(request.spec, file), stopped), folder)
        return replace(request, repeats=found)

    @property
    def _target(self) -> planner.Target:
        return planner.Target(self.project.recipe, self.project.output.key, self.project.upload_rules)
