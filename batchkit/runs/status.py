"""What became of a run, or is becoming of it: from its record, and of bulk runs from more than that.

While a bulk run is at work, its jobs' parents and its children's reports tell; when it has ended, the report
beside its manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from batchkit.aws.objects import url
from batchkit.aws.run_ledger import BULK
from batchkit.completion import ending
from batchkit.completion.tally import Tally
from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.planning.backfill import Plan
from batchkit.planning.diagnoses import NO_REPORT
from batchkit.planning.records import ErrorGroup
from batchkit.planning.states import Counts, RunState
from batchkit.runs.reading import Reading
from batchkit.runs.watch import ENDED, Parents, look

if TYPE_CHECKING:
    from batchkit.aws.ledger import Ledger
    from batchkit.aws.objects import Objects
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.runs.bulk import Bulk

# Kinds of errors that are told of; all of them are in the report beside the manifest.
TROUBLES = 20


@dataclass(frozen=True)
class Trouble:
    """Bad items with one cause: how many, an example (key, child `A:I`), and what to do about them."""

    count: int
    failure_class: str
    error_class: str
    fingerprint: str
    key: str
    message: str
    child: str
    log_stream: str
    fix: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Trouble:
        """From a row of the end-of-run report."""
        return cls(**{each.name: row.get(each.name, "") for each in fields(cls)})


@dataclass(frozen=True)
class Status:
    """A run and its first bad items (as the ledger holds them). `counts` counts items: of a run that goes on,
    those that its children have reported, which they do once a minute.

    Of a bulk run `items`, `children` and `cost` (USD) are what was planned, `usd` what it cost so far (an
    estimate; None where nobody can tell); `statuses` counts children by Batch's status, as long as Batch
    remembers; `kinds` is the number of all kinds of errors, of which `troubles` are the most frequent.
    `report` and `page` are the addresses of the end-of-run report, "" while there is none. Times in epoch
    seconds, 0 where it has not come to that.
    """

    run: str
    lane: str
    state: RunState
    counts: Counts
    sources: int
    source: str
    job: str
    recipe: str
    bad: tuple[Mapping[str, Any], ...]
    items: int = 0
    children: int = 0
    cost: float = 0.0
    started: int = 0
    stopped: int = 0
    cancelled: int = 0
    cancel_reason: str = ""
    seconds: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    dead: int = 0
    usd: float | None = None
    troubles: tuple[Trouble, ...] = ()
    kinds: int = 0
    report: str = ""
    page: str = ""
    retry: str = ""
    retried_by: tuple[str, ...] = ()

    @property
    def is_bulk(self) -> bool:
        return self.lane == BULK

    @property
    def is_over(self) -> bool:
        return self.state is not RunState.RUNNING

    @property
    def ended_children(self) -> int:
        return sum(number for status, number in self.statuses.items() if status in ENDED)

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--output json`."""
        return asdict(self)


def status(ledger: Ledger, run: str, limit: int) -> Status:
    """What the ledger says of a run, and at most `limit` of its bad items.

    Raises DataError for an unknown run.
    """
    record, bad = ledger.run(run), tuple(islice(ledger.bad_items(run), limit))
    if record is None and not bad:
        raise DataError(
            f"the ledger knows no run '{run}'",
            found="no record and no item of it",
            expected="the id of a run that ended, such as a notification names",
            fix="check the id, the region and the project; a run is recorded when its first job ends",
        )
    record = record or {}
    numbers = ("items", "children", "sources", "started", "stopped", "cancelled", "dead")
    texts = ("source", "job", "recipe", "cancel_reason")
    groups = [ErrorGroup(**group) for group in record.get("errors", ())]
    return Status(
        run=run,
        lane=record.get("lane", "upload"),
        state=RunState(record.get("state", RunState.RUNNING)),
        counts=Counts(**record.get("counts", {})),
        bad=bad,
        cost=float(record.get("cost", 0)),
        seconds=max(record.get("stopped", 0) - record.get("started", 0), 0),
        troubles=_troubles(groups, {}, run),
        kinds=len(groups),
        **{name: record.get(name, 0) for name in numbers},
        **{name: record.get(name, "") for name in texts},
    )


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """What can be asked of a bulk run beside its record."""

    ledger: RunLedger
    objects: Objects
    artifacts: str
    parents: Parents
    clock: Callable[[], float]

    @classmethod
    def of(cls, bulk: Bulk) -> Inquiry:
        return cls(
            ledger=bulk.ledger,
            objects=bulk.objects,
            artifacts=bulk.artifacts,
            parents=bulk.queue,
            clock=bulk.clock,
        )

    def complete(self, found: Status) -> Status:
        """The status with all that is known; of an upload's run that is its record."""
        if not found.is_bulk:
            return found
        return self._ended(found) if found.is_over else self._running(found)

    def _running(self, found: Status) -> Status:
        seconds = max(int(self.clock()) - found.started, 0)
        stored = self.objects.get(self.artifacts, names.plan_key(found.run))
        if stored is None:
            # Its manifest is still on its way.
            return replace(found, seconds=seconds)
        plan = Plan.from_json(stored.body)
        tally = Tally(plan.shape, expected=plan.items)
        seen = look(plan, self.ledger, self.parents, Reading(self.ledger, plan, tally.add))
        # Whoever has not reported yet may still do so.
        groups = [group for group in tally.groups() if group.error_class != NO_REPORT.error_class]
        return replace(
            found,
            counts=seen.counts,
            seconds=seconds,
            statuses=seen.statuses,
            dead=max(tally.dead, seen.failed_children),
            usd=seen.usd,
            troubles=_troubles(groups, msgspec.json.decode(stored.body), found.run),
            kinds=len(groups),
        )

    def _ended(self, found: Status) -> Status:
        rows, place = self._rows(found.run), names.report_key(found.run, "jsonl")
        errors = [row for row in rows if row["kind"] == "error"]
        page = names.report_key(found.run, "html")
        return replace(
            found,
            usd=next((row["measured_usd"] for row in rows if row["kind"] == "cost"), None),
            troubles=tuple(map(Trouble.of, errors[:TROUBLES])) if rows else found.troubles,
            kinds=len(errors) if rows else found.kinds,
            report=url(self.artifacts, place) if rows else "",
            page=url(self.artifacts, page) if self.objects.head(self.artifacts, page) else "",
            retry=ending.retry(found.run, found.counts),
            retried_by=self.ledger.retries(found.run),
        )

    def _rows(self, run: str) -> list[dict[str, Any]]:
        stored = self.objects.get(self.artifacts, names.report_key(run, "jsonl"))
        return [msgspec.json.decode(line) for line in stored.body.splitlines()] if stored else []


def _troubles(groups: Iterable[ErrorGroup], plan: Mapping[str, Any], run: str) -> tuple[Trouble, ...]:
    return tuple(Trouble.of(ending.error(group, plan, run)) for group in islice(groups, TROUBLES))
