"""`batchkit schema`: the JSON Schema of batchkit.toml, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from batchkit.cli.options import config_option
from batchkit.cli.output import print_json
from batchkit.cli.projects import load_or_example
from batchkit.job import Described
from batchkit.project import schema


@click.command()
@config_option
def command(config: Path | None) -> None:
    """Print the JSON Schema of batchkit.toml, with the recipe of the project's own job.

    \b
    Example, for editors with the taplo or Even Better TOML language server:
      batchkit schema > batchkit.schema.json
      and as the first line of batchkit.toml:  #:schema ./batchkit.schema.json
    """
    job = load_or_example(config).recipe.job
    print_json(schema(job.schema() if isinstance(job, Described) else None))
