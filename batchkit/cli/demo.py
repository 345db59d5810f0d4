"""`batchkit demo`: the whole flow on this machine, watched."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batchkit.aws.inbox import Inbox
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import console, human_bytes, one_line, print_json, print_rows
from batchkit.cli.projects import load_or_example
from batchkit.errors import ConfigError
from batchkit.job import Samples
from batchkit.local import showcase
from batchkit.local.sandbox import Sandbox, sandbox
from batchkit.local.showcase import Endings, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchkit.project import Project

COLUMNS = ("source", "variant", "before", "after", "ms", "outcome", "")
SEED = 7
MESSAGE_SECONDS = 3


@click.command()
@click.argument("photos", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("batchkit-demo"),
    show_default=True,
    help="The folder for the outputs.",
)
@click.option("--timeout", type=float, default=300.0, show_default=True, help="Seconds until it gives up.")
@config_option
@output_option
def command(photos: tuple[Path, ...], out: Path, timeout: float, config: Path | None, output: str) -> None:
    """Upload PHOTOS to a local stack and watch them become variants.

    \b
    Examples:
      batchkit demo                    a handful of generated photos, one of them corrupt
      batchkit demo holiday/*.jpg      your own

    Everything runs on this machine: the bucket, the event bus, the rules, the array jobs, the ledger.
    """
    project = load_or_example(config)
    started, endings = time.monotonic(), Endings()
    with tempfile.TemporaryDirectory(prefix="batchkit-") as scratch:
        paths, root = _sources(project, photos, Path(scratch))
        with sandbox(project, observe=endings) as running:
            inbox = Inbox(running.clients, running.outputs["TopicArn"], f"{project.name}-demo-inbox")
            results = _run(running, endings, paths, root, timeout, quiet=output == "json")
            messages = list(inbox.messages(MESSAGE_SECONDS))
            showcase.download(running, results, out)
    seconds = time.monotonic() - started
    if output == "json":
        print_json({"results": [asdict(r) for r in results], "messages": messages, "folder": str(out)})
        return
    print_rows(COLUMNS, [_cells(project, result) for result in results])
    _print_end(results, messages, out, seconds)


def _sources(project: Project, photos: Sequence[Path], scratch: Path) -> tuple[list[Path], Path]:
    """The files to upload and the folder that their keys are relative to."""
    if photos:
        paths = [photo.resolve() for photo in photos]
        return paths, Path(os.path.commonpath([path.parent for path in paths]))
    if not isinstance(project.recipe.job, Samples):
        raise ConfigError(
            f"job '{project.uses}' brings no samples", expected="files to upload", fix="batchkit demo FILE…"
        )
    return project.recipe.job.samples(scratch, SEED), scratch


def _run(
    running: Sandbox, endings: Endings, paths: Sequence[Path], root: Path, timeout: float, *, quiet: bool
) -> list[Result]:
    columns = TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console(), disable=quiet) as progress:
        bar = progress.add_task("uploading", total=len(paths))
        uploads = []
        for upload in showcase.upload(running, paths, root):
            uploads.append(upload)
            progress.advance(bar)
        bar = progress.add_task("processing", total=len(paths))
        for count in showcase.follow(endings, uploads, timeout):
            progress.update(bar, completed=count)
    return list(showcase.results(running, uploads))


def _cells(project: Project, result: Result) -> tuple[object, ...]:
    return (
        result.key.removeprefix(project.upload.prefix),
        result.task,
        human_bytes(result.before),
        human_bytes(result.after) if result.output else "",
        result.milliseconds,
        result.outcome.value,
        result.message,
    )


def _print_end(results: Sequence[Result], messages: Sequence[str], out: Path, seconds: float) -> None:
    if messages:
        click.echo(f"\n{len(messages)} messages came through SNS, the last one:\n")
        for line in messages[-1].splitlines():
            click.echo(f"  {one_line(line)}")
    made = [result for result in results if result.output]
    before = sum({result.key: result.before for result in results}.values())
    click.echo(
        f"\n{len(made)} outputs ({human_bytes(sum(r.after for r in made))}) of "
        f"{len({r.key for r in results})} sources ({human_bytes(before)}) in {out}/ — {seconds:.1f} s in all"
    )
