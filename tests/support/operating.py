"""A bulk run as it looks afterwards: its record, its children's reports, its items."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from batchkit.aws.bus import Announcement, Bus
from batchkit.aws.run_ledger import RunLedger
from batchkit.planning import manifest, names
from batchkit.planning.records import ArrayEnd, ChildFailure, Item, Report, RunEnd
from batchkit.planning.states import Counts, Outcome, RunState, bulk_order
from batchkit.runs.outcomes import Outcomes
from support import jobs
from support.submitting import plan, run_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from batchkit.planning.backfill import Plan
    from batchkit.planning.manifest import Source
    from support.moto_world import World

RECIPE = jobs.recipe(["a", "b"])


class KeptBus(Bus):
    """A bus that only keeps the details of what is put onto it."""

    def __init__(self) -> None:
        self.details: list[dict[str, Any]] = []

    def put(self, announcements: Iterable[Announcement]) -> None:
        self.details += [dict(one.detail) for one in announcements]


@dataclass
class Past:
    """A run of `sources`, each child with `per_child` items; what became of it is told afterwards.

    `changes` are fields of the plan.
    """

    world: World
    sources: Sequence[Source]
    per_child: int = 2
    changes: Mapping[str, Any] = field(default_factory=dict)
    plan: Plan = field(init=False)
    bus: KeptBus = field(default_factory=KeptBus)

    def __post_init__(self) -> None:
        # The bucket of the helpers' sources is none of the world's.
        self.sources = [msgspec.structs.replace(one, bucket=self.world.uploads) for one in self.sources]
        items = sum(len(source.tasks) or 2 for source in self.sources)
        self.plan = plan(RECIPE, len(self.sources), self.per_child, items=items, **self.changes)
        chunks = list(manifest.write(self.sources))
        stored = {
            names.manifest_key(self.run): b"".join(lines for lines, _ in chunks),
            names.index_key(self.run): b"".join(index for _, index in chunks),
            names.plan_key(self.run): self.plan.to_json(),
        }
        for key, body in stored.items():
            self.world.objects.put(self.world.artifacts, key, body, "text/plain")
        self.ledger.begin(self.plan, "s3://uploads/in/")

    @property
    def run(self) -> str:
        return self.plan.run

    @property
    def ledger(self) -> RunLedger:
        return run_ledger(self.world)

    @property
    def outcomes(self) -> Outcomes:
        return Outcomes(self.ledger, self.world.objects, self.world.artifacts, self.run)

    def item(self, source: Source, task: str, outcome: Outcome, **changes: Any) -> None:
        why = {} if outcome.is_final else {"error_class": "ValueError", "message": "no"}
        where = {"bucket": source.bucket, "key": source.key, "task": task, "outcome": outcome, "modified": 1}
        who = {"run": self.run, "order": bulk_order(self.plan.started)}
        self.ledger.record_item(Item(**{**where, **who, **why, **changes}))

    def reported(self, child: int, **counts: int) -> None:
        self.ledger.record_report(Report(self.run, child, self.plan.children, 1, Counts(**counts)))

    def died(
        self, child: int, status_reason: str = "", reason: str = "", exit_code: int | None = None
    ) -> None:
        job, stream = f"job-0:{child}", f"stream-{child}"
        self.ledger.record_failure(
            ChildFailure(
                self.run, child, self.plan.children, job, exit_code, status_reason, reason, 1, stream
            )
        )

    def array_ended(self, number: int = 0) -> None:
        array = self.plan.arrays[number]
        self.ledger.record_array(ArrayEnd(self.run, array.first, array.size, f"job-{number}", 1, 2))

    def ended(self, state: RunState = RunState.PARTIAL) -> None:
        end = RunEnd(self.run, "bulk", state, Counts(), self.plan.sources, self.plan.recipe, "job-0")
        self.ledger.finish(replace(end, started=self.ledger.begun(self.run)))
