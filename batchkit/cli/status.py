"""`batchkit status RUN`: what became of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.cli import progress
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import human_bytes, print_json, print_mapping, print_rows
from batchkit.cli.projects import load_here
from batchkit.planning import names
from batchkit.runs.bulk import Bulk
from batchkit.runs.status import Status, status
from batchkit.runs.watch import watch

if TYPE_CHECKING:
    from pathlib import Path

BAD = ("outcome", "task", "source", "error", "message")


@click.command()
@click.argument("run")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="Bad items to list.")
@click.option("--watch", "watching", is_flag=True, help="Show a bulk run's progress until it has ended.")
@config_option
@output_option
def command(run: str, limit: int, watching: bool, config: Path | None, output: str) -> None:
    """Say what became of RUN: its state, its items by outcome, and those that went wrong.

    \b
    Example:
      batchkit status u-3f2a9c0d1e4b5a6978c0d1e2
    """
    project, clients = load_here(config), Clients()
    if watching:
        _watch(Bulk.of(project, clients), run)
    found = status(Ledger(clients.dynamodb, names.ledger_table(project.name)), run, limit)
    if output == "json":
        print_json(found.as_json())
    else:
        _print(found)


def _watch(bulk: Bulk, run: str) -> None:
    plan = bulk.stored_plan(run)
    if plan is not None:
        progress.show(watch(plan, bulk.ledger, bulk.queue, bulk.clock, bulk.sleep))


def _print(found: Status) -> None:
    counts = found.counts
    print_mapping(
        {
            "run": found.run,
            "state": found.state.value + (" (cancelled)" if found.cancelled else ""),
            "source": found.source or f"{found.sources} sources",
            "items": f"{counts.done} done, {counts.fresh} fresh, "
            f"{counts.rejected} rejected, {counts.failed} failed",
            "outputs": human_bytes(counts.bytes),
            "job": found.job,
        }
    )
    if found.bad:
        click.echo()
        print_rows(
            BAD, [(i["outcome"], i["task"], i["key"], i["error_class"], i["message"]) for i in found.bad]
        )
