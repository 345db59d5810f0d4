"""`batchkit retry RUN`: do again what failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json
from batchkit.cli.projects import load_here
from batchkit.cli.rerunning import Rerun, rerun_options, workplace
from batchkit.runs import retry
from batchkit.runs.bulk import Bulk
from batchkit.runs.outcomes import Outcomes

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("run")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(retry.KINDS),
    help="Only items of this outcome or failure class; repeatable. Without it, those that failed.",
)
@rerun_options
@config_option
@output_option
def command(run: str, only: tuple[str, ...], config: Path | None, output: str, **given: Any) -> int:
    """Do the failed items of RUN again, and nothing else, as a new run of the recipe as it is now.

    Where some ran out of memory, the children get twice as much and shards half as large; where some ran
    out of time, the shards are half as large.

    \b
    Example:
      batchkit retry b-20261123t161000-1f2e3d4c --only oom --wait
    """
    bulk = Bulk.of(load_here(config), Clients())
    outcomes = Outcomes(bulk.ledger, bulk.objects, bulk.artifacts, run)
    plan = bulk.stored_plan(run)
    tasks = [task.name for task in bulk.project.recipe.tasks]
    with workplace() as folder:
        selected = retry.select(outcomes, bulk.objects, tasks, only, folder)
        facts = {"retries": run, "classes": dict(selected.classes)}
        if not selected.items:
            print_json({**facts, "run": None}) if output == "json" else click.echo("nothing to do again")
            return 0
        larger = replace(bulk, project=retry.provided(bulk.project, plan, selected))
        request = replace(retry.request(selected, plan, only), prices=bulk.prices({}))
        return Rerun(**given, output=output).run(larger, request, folder, **facts)
