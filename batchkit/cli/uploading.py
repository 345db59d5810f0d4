"""Files through a local stack, watched: what `demo` and `local run` have in common."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batchkit.aws.inbox import Inbox
from batchkit.cli.output import console, human_bytes, one_line, print_json, print_rows
from batchkit.errors import ConfigError
from batchkit.job import Samples
from batchkit.local import showcase
from batchkit.local.sandbox import Options, Sandbox, sandbox
from batchkit.local.showcase import Endings, Result
from batchkit.project import Project

COLUMNS = ("source", "variant", "before", "after", "ms", "outcome", "")
SEED = 7
# One message a source is expected; how long to wait for each.
MESSAGE_SECONDS = 3


@dataclass(frozen=True)
class Errand:
    """What to upload (nothing: the job's own samples), where the outputs go, how long to wait in seconds."""

    photos: tuple[Path, ...]
    out: Path
    timeout: float


def run(project: Project, options: Options, errand: Errand, output: str) -> None:
    """Start a stack, upload, wait until all has ended, copy the outputs, and print what became of it."""
    started, endings = time.monotonic(), Endings()
    with tempfile.TemporaryDirectory(prefix="batchkit-") as scratch:
        paths, root = _sources(project, errand.photos, Path(scratch))
        with sandbox(project, replace(options, observe=endings)) as running:
            inbox = Inbox(running.clients, running.outputs["TopicArn"], f"{project.name}-demo-inbox")
            results = _upload(running, endings, paths, root, errand.timeout, quiet=output == "json")
            messages = list(islice(inbox.messages(MESSAGE_SECONDS), len(paths)))
            showcase.download(running, results, errand.out)
    if output == "json":
        facts = {"messages": messages, "folder": str(errand.out)}
        print_json({"results": [asdict(result) for result in results], **facts})
        return
    print_rows(COLUMNS, [_cells(project, result) for result in results])
    _print_end(results, messages, errand.out, time.monotonic() - started)


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


def _upload(
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
