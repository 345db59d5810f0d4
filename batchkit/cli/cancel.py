"""`batchkit cancel RUN`: stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from batchkit.aws.bus import Bus
from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import count, print_json
from batchkit.cli.projects import load_here
from batchkit.cli.run_ids import run_argument
from batchkit.completion.finishing import Finisher
from batchkit.runs.bulk import Bulk
from batchkit.runs.cancel import Canceller

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@run_argument
@click.option("--reason", default="", help="What Batch and the ledger shall say of it.")
@config_option
@output_option
def command(run: str, reason: str, config: Path | None, output: str) -> None:
    """Stop the bulk run RUN: one call for each of its array jobs.

    What its children have recorded stays; the rest counts as failed, and `batchkit retry RUN` does it.

    \b
    Example:
      batchkit cancel b-20261124t163239-b87a8f7b --reason 'wrong folder'
    """
    bulk = Bulk.of(load_here(config), Clients())
    bus = Bus(bulk.clients.events, bulk.project.name)
    finisher = Finisher(bulk.project.name, bulk.artifacts, bulk.ledger, bulk.objects, bus)
    canceller = Canceller(
        ledger=bulk.ledger,
        queue=bulk.queue,
        queue_name=bulk.destination.queue,
        finish=finisher.finish,
    )
    done = canceller.cancel(run, bulk.stored_plan(run), reason)
    if output == "json":
        print_json(done.as_json())
    else:
        click.echo(
            f"{run} {done.state.value}: told {count(len(done.jobs), 'job')} to end; batchkit status {run}"
        )
        if done.pending:
            click.echo(f"{count(len(done.pending), 'job')} may be on the way: repeat the command in a minute")
