"""`batchkit logs RUN`: what its children said."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import click

from batchkit.aws.clients import Clients
from batchkit.aws.logs import Stream
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import one_line, print_json_list
from batchkit.cli.projects import load_here
from batchkit.cli.run_ids import run_argument
from batchkit.runs.bulk import Bulk
from batchkit.runs.job_logs import CHILDREN, JobLogs

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.runs.job_logs import Said


class ChildType(click.ParamType[tuple[int, int]]):
    """`2:4711` as the number of an array and an index in it."""

    name = "A:I"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        array, colon, index = str(value).partition(":")
        if not (colon and array.isdecimal() and index.isdecimal()):
            self.fail(f"{value!r} is not an array's number, a colon and an index, such as 0:7", param, ctx)
        return int(array), int(index)


@click.command()
@run_argument
@click.option("--failed", is_flag=True, help="The children in which something failed: the default.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=CHILDREN,
    show_default=True,
    help="So many of them at most.",
)
@click.option("--child", type=ChildType(), help="One child: number of the array, colon, index in it.")
@click.option("--follow", is_flag=True, help="With --child: go on until it has ended; JSON a line each.")
@config_option
@output_option
def command(
    *,
    run: str,
    failed: bool,
    limit: int,
    child: tuple[int, int] | None,
    follow: bool,
    config: Path | None,
    output: str,
) -> None:
    """Print the log lines of children of RUN.

    Of those that failed for good, all lines; of those that recorded failed items, warnings and errors: among
    them the traceback of what the job raised, once for each kind of error and child.

    \b
    Example:
      batchkit logs b-20261123t161000-1f2e3d4c --child 0:7 --follow
    """
    if failed and child:
        raise click.UsageError("--failed and --child exclude each other")
    if follow and not child:
        raise click.UsageError("--follow needs --child")
    bulk = Bulk.of(load_here(config), Clients())
    open_stream = partial(Stream, bulk.clients.logs)
    logs = JobLogs(bulk.ledger, bulk.queue, open_stream, bulk.project.name, run)
    read = logs.follow if follow else logs.of_child
    lines = read(*child) if child else logs.of_failed(limit)
    if output == "json" and not follow:
        print_json_list(line.as_json() for line in lines)
        return
    count = 0
    for line in lines:
        _print(line, output)
        count += 1
    if not count:
        nobody = "the child did not log" if child else "no child in which something failed logged"
        click.echo(f"{nobody} anything that CloudWatch still has", err=True)


def _print(line: Said, output: str) -> None:
    if output == "json":
        # A list that may never end is of no use to a program: a document a line.
        click.echo(json.dumps(line.as_json(), ensure_ascii=False))
        return
    click.echo(f"{line.job}\t{one_line(line.message)}")
