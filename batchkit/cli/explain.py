"""`batchkit explain JOB`: why it is what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.aws.queue import Queue
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json, print_mapping, print_rows
from batchkit.cli.projects import load_here
from batchkit.planning import names
from batchkit.runs.explain import explain

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("job")
@config_option
@output_option
def command(job: str, config: Path | None, output: str) -> None:
    """Say why the Batch job JOB failed or waits, and what to do. A child is JOB:INDEX.

    \b
    Example:
      batchkit explain 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed:7
    """
    clients = Clients()
    ledger = Ledger(clients.dynamodb, names.ledger_table(load_here(config).name))
    found = explain(Queue.of(clients), ledger, job)
    facts = found.as_json()
    if output == "json":
        print_json(facts)
        return
    del facts["children"]
    print_mapping({name: value for name, value in facts.items() if value not in ("", None)})
    if found.children:
        click.echo()
        print_rows(("child", "cause"), found.children)
