"""`batchkit report RUN`: one HTML file that shows a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json
from batchkit.cli.projects import load_here
from batchkit.cli.run_ids import run_argument
from batchkit.runs import run_report
from batchkit.runs.bulk import Bulk

if TYPE_CHECKING:
    from batchkit.runs.run_report.facts import Facts


@click.command()
@run_argument
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; without it, RUN.html in the current folder.",
)
@click.option("--open", "opening", is_flag=True, help="Show it in the browser.")
@config_option
@output_option
def command(run: str, out: Path | None, opening: bool, config: Path | None, output: str) -> None:
    """Write what became of RUN, a bulk run that has ended, into one HTML file.

    \b
    Examples:
      batchkit report b-20261124t030000-1f2e3d4c --open
      batchkit report b-20261124t030000-1f2e3d4c --out /tmp/report.html

    It needs no server and no network. At the end of a run the same page is stored beside the run's
    manifest; AWS Batch remembers the attempts of its children for a week.
    """
    facts = _gather(Bulk.of(load_here(config), Clients()), run)
    path = out or Path(f"{run}.html")
    path.write_bytes(run_report.render(facts))
    if output == "json":
        print_json({"run": run, "state": facts.run["state"], "file": str(path.resolve())})
    else:
        click.echo(path)
    if opening:
        click.launch(path.resolve().as_uri())


def _gather(bulk: Bulk, run: str) -> Facts:
    return run_report.Gatherer.of(bulk).gather(run)
