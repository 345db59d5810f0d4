"""`batchkit preview`: the outputs of local files, straight into a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import human_bytes, print_json, print_rows
from batchkit.cli.projects import load_or_example
from batchkit.errors import EX_DATAERR, EX_OK, EX_SOFTWARE
from batchkit.local.preview import Row, explain, preview
from batchkit.planning.resources import MIB, job_memory
from batchkit.planning.states import Outcome

COLUMNS = ("source", "task", "before", "after", "ms", "outcome", "where")


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("batchkit-preview"),
    show_default=True,
    help="The folder for the outputs.",
)
@click.option("--explain", "explained", is_flag=True, help="Make nothing; tell how each output comes about.")
@config_option
@output_option
def command(photos: tuple[Path, ...], out: Path, explained: bool, config: Path | None, output: str) -> int:
    """Make every task of PHOTOS into a folder, without AWS.

    \b
    Example:
      batchkit preview holiday/*.jpg --out /tmp/variants

    Without a batchkit.toml the variants of the example project are made. A file that needs more memory
    than [compute] gives a child is rejected, as on AWS. Exits 65 if a file is rejected, 70 if the job
    breaks down.
    """
    project = load_or_example(config)
    recipe = project.recipe.within(job_memory(project.compute.memory * MIB, project.upload.max_bytes))
    if explained:
        return _explain(list(explain(recipe, photos)), output)
    rows = list(preview(recipe, project.output.key, photos, out))
    if output == "json":
        print_json([asdict(row) for row in rows])
    else:
        print_rows(COLUMNS, [_cells(row) for row in rows])
    return _exit_code({row.outcome for row in rows})


def _explain(rows: Sequence[Mapping[str, str]], output: str) -> int:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if output == "json":
        print_json(rows)
    else:
        print_rows(columns, [[row.get(name, "") for name in columns] for row in rows])
    return EX_DATAERR if any("rejected" in row for row in rows) else EX_OK


def _exit_code(outcomes: set[Outcome]) -> int:
    if Outcome.FAILED in outcomes:
        return EX_SOFTWARE
    return EX_DATAERR if Outcome.REJECTED in outcomes else EX_OK


def _cells(row: Row) -> tuple[object, ...]:
    made = row.outcome is Outcome.DONE
    return (
        row.source,
        row.task,
        human_bytes(row.source_bytes),
        human_bytes(row.bytes) if made else "",
        row.milliseconds if made else 0,
        row.outcome.value,
        row.path if made else row.message,
    )
