"""`batchkit demo`: the whole flow on this machine, watched."""

from __future__ import annotations

from pathlib import Path

import click

from batchkit.cli.options import config_option, errand_options, output_option
from batchkit.cli.projects import load_or_example
from batchkit.cli.uploading import Errand, run
from batchkit.local.sandbox import Options


@click.command()
@click.argument("photos", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@errand_options
@config_option
@output_option
def command(photos: tuple[Path, ...], out: Path, timeout: float, config: Path | None, output: str) -> int:
    """Upload PHOTOS to a local stack and watch them become variants.

    \b
    Examples:
      batchkit demo                    a handful of generated photos, one of them corrupt
      batchkit demo holiday/*.jpg      your own

    Everything runs on this machine: the bucket, the event bus, the rules, the array jobs, the ledger.
    """
    return run(load_or_example(config), Options(), Errand(photos, out, timeout), output)
