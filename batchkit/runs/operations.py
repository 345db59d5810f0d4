"""What the operations job does: one order of a schedule, in a container, with nobody watching.

    operate ORDER TIME          (ORDER is JSON, see `orders`; TIME is the schedule's, ISO 8601)

Scheduler delivers at least once, and Batch may start a job again. Both come with the same TIME, which
the run's intent remembers: whoever comes second continues the run, and submits nothing twice. A run of an
earlier TIME that is not over is continued as well, so that a long one is not begun anew every night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from batchkit.aws.objects import Objects, url
from batchkit.errors import BatchkitError, ConfigError, DataError
from batchkit.planning import names
from batchkit.project import document
from batchkit.runs import orders
from batchkit.runs.bulk import Bulk
from batchkit.runs.submit import check_cost
from batchkit.runs.sweep import Sweep
from batchkit.worker.assignment import variable

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.clients import Clients
    from batchkit.project import Project
    from batchkit.runs.interrupts import Stopped
    from batchkit.runs.requests import Prepared
    from batchkit.runs.submit import Report

COMMAND = "operate"
ARGUMENTS = ("order", "time")
DOCUMENT = "BATCHKIT_DOCUMENT"


@dataclass(frozen=True)
class Errand:
    """An order, the time that it was scheduled for, and where the project's things are.

    `document` is the digest of the project's document in `artifacts`; `table` is the ledger's.
    """

    order: orders.Sweep | orders.Submit | orders.Report
    time: str
    document: str
    artifacts: str
    table: str


@dataclass(frozen=True)
class Outcome:
    """What became of an order: `run` is None where there was nothing to do.

    `continued`: the run had been begun before, by another delivery or an earlier one.
    """

    run: str | None
    continued: bool
    sources: int = 0
    items: int = 0
    cost: float = 0.0


def read(argv: Sequence[str], environ: Mapping[str, str]) -> Errand:
    """Raises ConfigError for a command that the job definition does not have, DataError for no time."""
    if len(argv) != 1 + len(ARGUMENTS) or argv[0] != COMMAND:
        raise ConfigError(
            "the operations job has another command",
            found=" ".join(argv[:1]) + f" with {len(argv[1:])} arguments",
            expected=" ".join((COMMAND, *(name.upper() for name in ARGUMENTS))),
            fix="deploy again: the job definition is not one of this version's",
        )
    _, order, time = argv
    return Errand(
        order=orders.parse(order),
        time=_moment(time),
        document=variable(environ, DOCUMENT),
        artifacts=variable(environ, "BATCHKIT_ARTIFACTS"),
        table=variable(environ, "BATCHKIT_LEDGER"),
    )


def compose(errand: Errand, clients: Clients) -> Bulk:
    """The bulk lane of the project that the operations job was deployed with.

    Raises DataError when its document is missing or not what its name promises.
    """
    kind = Sweep if isinstance(errand.order, orders.Sweep) else Bulk
    return kind(
        project=_project(Objects(clients.s3), errand),
        clients=clients,
        artifacts=errand.artifacts,
        table=errand.table,
    )


def carry_out(errand: Errand, bulk: Bulk, folder: Path, report: Report, stopped: Stopped) -> Outcome:
    """Plan in `folder` and submit, telling `report` of each step.

    Raises DataError for a run that costs too much, Interrupted when it was told to stop, or when another
    delivery of the same order goes on with the run.
    """
    if isinstance(errand.order, orders.Report):
        report_of(errand.order.run, bulk)
        return Outcome(errand.order.run, continued=False)
    request = orders.request(errand.order, bulk.project)
    prepared = bulk.prepare(request, folder, stopped, delivery=errand.time)
    if not prepared.plan.arrays:
        bulk.release(prepared)
        return Outcome(None, continued=False)
    if not prepared.continued:
        _check_cost(bulk, prepared, errand.order.max_cost)
    bulk.submit(prepared, request.source, report, stopped)
    plan = prepared.plan
    return Outcome(plan.run, prepared.continued, plan.sources, plan.items, plan.cost.total)


def report_of(run: str, bulk: Bulk) -> None:
    """Store the page of a run beside its manifest. Written again it only knows more.

    Raises DataError for a run that has not ended.
    """
    # Only this order needs the charts, and what draws them.
    from batchkit.runs import run_report  # noqa: PLC0415

    page = run_report.render(run_report.Gatherer.of(bulk).gather(run))
    bulk.objects.put(bulk.artifacts, names.report_key(run, "html"), page, "text/html; charset=utf-8")


def _project(objects: Objects, errand: Errand) -> Project:
    key = names.project_key(errand.document)
    stored = objects.get(errand.artifacts, key)
    if stored is None:
        raise DataError(
            "the project's document is missing",
            found=f"no object {url(errand.artifacts, key)}",
            fix="deploy again: it writes the document",
        )
    return document.decode(stored.body, errand.document)


def _check_cost(bulk: Bulk, prepared: Prepared, most: float | None) -> None:
    """A run that is refused was never begun: the next delivery plans anew."""
    try:
        check_cost(prepared.plan, most)
    except BatchkitError:
        bulk.release(prepared)
        raise


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise DataError(
            "the order has no time",
            found=text,
            expected="the scheduled time, such as 2026-11-24T03:00:00Z",
            fix="deploy again, or submit the job with a parameter `time`",
        ) from error
    return text
