"""`batchkit runs`: the latest bulk runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.aws.run_ledger import BULK, RunLedger
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json, print_rows
from batchkit.cli.projects import load_here
from batchkit.planning import names
from batchkit.runs.listing import Summary, latest

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("run", "state", "started", "sources", "items", "good", "bad", "USD", "source")


@click.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Runs to list.")
@config_option
@output_option
def command(limit: int, config: Path | None, output: str) -> None:
    """List the latest bulk runs, newest first.

    The cost is the plan's estimate. A run of an upload is not listed: its message names it.

    \b
    Examples:
      batchkit runs --limit 5
      batchkit runs --output json | jq -r '.[].run'
    """
    ledger = RunLedger(Clients().dynamodb, names.ledger_table(load_here(config).name))
    found = latest(ledger, BULK, limit)
    if output == "json":
        print_json([run.as_json() for run in found])
    else:
        print_rows(COLUMNS, [_cells(run) for run in found])


def _cells(run: Summary) -> tuple[Any, ...]:
    started = datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d %H:%M")
    counts = run.counts
    bad = counts.rejected + counts.failed
    return (
        run.run,
        run.word,
        started,
        run.sources,
        run.items,
        counts.good,
        bad,
        f"{run.cost:.2f}",
        run.source,
    )
