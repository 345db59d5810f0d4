"""`batchkit results RUN`: its items, one a row."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import fields
from typing import TYPE_CHECKING

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json_list, print_pages
from batchkit.cli.projects import load_here
from batchkit.cli.run_ids import run_argument
from batchkit.planning.sheets import cells
from batchkit.planning.states import Outcome
from batchkit.runs.bulk import Bulk
from batchkit.runs.outcomes import Outcomes
from batchkit.runs.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

COLUMNS = ("outcome", "task", "source", "output", "bytes", "class", "error", "message", "run")


@click.command()
@run_argument
@click.option("--failed", is_flag=True, help="Only failed items.")
@click.option("--rejected", is_flag=True, help="Only rejected items.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    default="table",
    show_default=True,
    help="How to print the items; jsonl and csv are streamed.",
)
@config_option
@output_option
def command(*, run: str, failed: bool, rejected: bool, form: str, config: Path | None, output: str) -> None:
    """Print what became of the items of RUN.

    Bad items come from the ledger's index; without --failed or --rejected, all items of the manifest are
    looked up, a hundred a request. Items of dead children count as failed.

    \b
    Example:
      batchkit results b-20261123t161000-1f2e3d4c --failed --format csv
    """
    bulk = Bulk.of(load_here(config), Clients())
    outcomes = Outcomes(bulk.ledger, bulk.objects, bulk.artifacts, run)
    if outcomes.retries:
        names = ", ".join(retry.run for retry in outcomes.retries)
        click.echo(f"{run} was retried by {names}: these are its items as they are now", err=True)
    wanted = {Outcome.FAILED.value: failed, Outcome.REJECTED.value: rejected}
    found = (one for one in outcomes.bad() if wanted[one.outcome]) if any(wanted.values()) else outcomes.all()
    if output == "json":
        print_json_list(one.as_json() for one in found)
    else:
        {"table": _table, "csv": _csv, "jsonl": _jsonl}[form](found)


def _table(found: Iterable[Result]) -> None:
    print_pages(COLUMNS, map(_cells, found))


def _cells(one: Result) -> tuple[object, ...]:
    return (
        one.outcome or "open",
        one.task,
        f"s3://{one.bucket}/{one.key}",
        one.output,
        one.bytes,
        one.failure_class,
        one.error_class,
        one.message,
        one.run,
    )


def _csv(found: Iterable[Result]) -> None:
    names = [field.name for field in fields(Result)]
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(names)
    table.writerows(_values(found, names))


def _values(found: Iterable[Result], names: list[str]) -> Iterator[tuple[object, ...]]:
    return (cells(getattr(one, name) for name in names) for one in found)


def _jsonl(found: Iterable[Result]) -> None:
    for one in found:
        click.echo(json.dumps(one.as_json(), ensure_ascii=False))
