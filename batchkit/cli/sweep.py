"""`batchkit sweep`: make what is missing or stale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.projects import load_here
from batchkit.cli.rerunning import Part, Rerun, rerun_options, workplace
from batchkit.runs.sweep import Sweep, request

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@rerun_options
@config_option
@output_option
def command(config: Path | None, output: str, **given: Any) -> int:
    """Compare bucket, ledger and outputs, and submit what is missing or stale.

    Costs one HEAD for each output, and one request of the ledger for each source that has one missing or
    stale. What the same recipe rejected before, of the same bytes, is left alone.

    \b
    Examples:
      batchkit sweep --dry-run
      batchkit sweep --max-cost 20 --wait --yes
    """
    bulk = Sweep.of(load_here(config), Clients())
    with workplace() as folder:
        asked = replace(request(bulk.project), prices=bulk.prices({}))
        return Rerun(**given, output=output).run([Part(bulk, asked)], folder)
