"""`batchkit retry RUN`: do again what failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.projects import load_here
from batchkit.cli.rerunning import Begun, Part, Rerun, rerun_options, workplace
from batchkit.cli.run_ids import run_argument
from batchkit.planning import sizing
from batchkit.runs import retry, retry_items, retry_sizes
from batchkit.runs.bulk import Bulk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from batchkit.planning.backfill import Plan
    from batchkit.runs.retry_items import Selected


@click.command()
@run_argument
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(retry_items.KINDS),
    help="Only items of this outcome or failure class; repeatable. Without it, those that failed.",
)
@rerun_options
@config_option
@output_option
def command(run: str, only: tuple[str, ...], config: Path | None, output: str, **given: Any) -> int:
    """Do the failed items of RUN again, and nothing else, as a new run of the recipe as it is now.

    Children are as large as they were. What ran out of memory becomes a run of its own, whose children get
    twice as much; those, and what ran out of time, get shards half as large. Of a run that was retried
    before, what is still bad is done again, provided for by its last try. A retry whose submission broke off
    is continued instead.

    \b
    Example:
      batchkit retry b-20261123t161000-1f2e3d4c --only oom --wait
    """
    lane, rerun = Bulk.of(load_here(config), Clients()), Rerun(**given, output=output)
    turn = retry.take(lane, run, only, dry_run=rerun.dry_run)
    bulk, family = turn.bulk, turn.family
    with workplace() as folder:
        if turn.begun:
            return rerun.run(
                [Begun(bulk, plan, retry.name(run, only)) for plan in turn.begun], folder, retries=run
            )
        tasks = [task.name for task in bulk.project.recipe.tasks]
        memory = int(bulk.project.compute.memory)
        lots = retry_items.select(family, bulk.objects, tasks, only, folder, memory=memory)
        classes = dict(sum((Counter(lot.classes) for lot in lots), Counter()))
        parts = [_part(bulk, lot, family.plans, only) for lot in lots]
        note = partial(bulk.ledger.retried, run)
        return rerun.run(parts, folder, note, retries=run, classes=classes)


def _part(bulk: Bulk, lot: Selected, plans: Mapping[str, Plan], only: tuple[str, ...]) -> Part:
    asked = retry_sizes.request(lot, plans, only, len(bulk.project.recipe.tasks))
    provided = replace(bulk, project=retry_sizes.provided(bulk.project, plans, lot))
    # The job definition says how many: more vCPUs come with more memory, which is for each source.
    lanes = sizing.lanes(bulk.project.compute.vcpus)
    return Part(provided, replace(asked, prices=bulk.prices({}), lanes=lanes), over=retry.is_over)
