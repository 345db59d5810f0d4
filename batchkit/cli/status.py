"""`batchkit status RUN`: what became of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from batchkit.aws.clients import Clients
from batchkit.aws.run_ledger import RunLedger
from batchkit.cli import progress
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json
from batchkit.cli.projects import load_here
from batchkit.cli.run_ids import run_argument
from batchkit.cli.status_output import print_status
from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.runs.bulk import Bulk
from batchkit.runs.manifests import load_plan
from batchkit.runs.status import Inquiry, Status, status
from batchkit.runs.watch import watch

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.project import Project


@click.command()
@run_argument
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="Bad items to list.")
@click.option("--watch", "watching", is_flag=True, help="Show a bulk run's progress until it has ended.")
@config_option
@output_option
def command(run: str, limit: int, watching: bool, config: Path | None, output: str) -> None:
    """Say what became of RUN: its state, its items by outcome, and what went wrong, why, and what to do.

    Of a bulk run that goes on: its children and items so far, and what it has cost. Of one that has ended:
    where its report lies, and the command that does again what failed.

    \b
    Examples:
      batchkit status b-20261124t163239-b87a8f7b
      batchkit status b-20261124t163239-b87a8f7b --watch
      batchkit status u-3f2a9c0d1e4b5a6978c0d1e2 --output json
    """
    project, clients = load_here(config), Clients()
    if watching:
        _watch(project, clients, run)
    found = _found(project, clients, run, limit)
    if output == "json":
        print_json(found.as_json())
    else:
        print_status(found)


def _found(project: Project, clients: Clients, run: str, limit: int) -> Status:
    found = status(RunLedger(clients.dynamodb, names.ledger_table(project.name)), run, limit)
    return Inquiry.of(Bulk.of(project, clients)).complete(found) if found.is_bulk else found


def _watch(project: Project, clients: Clients, run: str) -> None:
    if names.is_upload_run(run):
        raise DataError(
            f"the run '{run}' is an upload's, which nobody can watch",
            found="a run of one source, recorded when its job ends",
            expected="a bulk run, as `batchkit runs` lists them",
            fix=f"batchkit status {run}, once its job has ended; `batchkit local up` shows uploads live",
        )
    bulk = Bulk.of(project, clients)
    plan = load_plan(bulk.objects, bulk.artifacts, run)
    progress.show(watch(plan, bulk.ledger, bulk.queue, bulk.clock, bulk.sleep))
