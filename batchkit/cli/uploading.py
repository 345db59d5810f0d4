"""Files through a local stack, watched: what `demo` and `local run` have in common."""

from __future__ import annotations

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
from batchkit.errors import EX_OK, EX_SOFTWARE, ConfigError
from batchkit.job import Samples
from batchkit.local import showcase
from batchkit.local.sandbox import Options, Sandbox, sandbox
from batchkit.local.showcase import Endings, Result
from batchkit.planning.states import Outcome
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


def run(project: Project, options: Options, errand: Errand, output: str) -> int:
    """Start a stack, upload, wait until all has ended, copy the outputs, print what became of it.

    The exit code: 70 when something failed or did not end in time, else 0.
    """
    started, endings = time.monotonic(), Endings()
    with tempfile.TemporaryDirectory(prefix="batchkit-") as scratch:
        paths = _sources(project, errand.photos, Path(scratch))
        with sandbox(project, replace(options, observe=endings)) as running:
            inbox = Inbox(running.clients, running.outputs["TopicArn"], f"{project.name}-demo-inbox")
            results = _upload(running, endings, paths, errand.timeout, quiet=output == "json")
            messages = list(islice(inbox.messages(MESSAGE_SECONDS), len(paths)))
            showcase.download(running, results, errand.out)
    if output == "json":
        facts = {"messages": messages, "folder": str(errand.out)}
        print_json({"results": [asdict(result) for result in results], **facts})
    else:
        print_rows(COLUMNS, [_cells(project, result) for result in results])
        _print_end(results, messages, errand.out, time.monotonic() - started)
    return EX_SOFTWARE if any(result.outcome is Outcome.FAILED for result in results) else EX_OK


def _sources(project: Project, photos: Sequence[Path], scratch: Path) -> list[Path]:
    """The given files, else the job's own samples."""
    if photos:
        return list(photos)
    if not isinstance(project.recipe.job, Samples):
        raise ConfigError(
            f"job '{project.uses}' brings no samples", expected="files to upload", fix="batchkit demo FILE…"
        )
    return project.recipe.job.samples(scratch, SEED)


def _upload(
    running: Sandbox, endings: Endings, paths: Sequence[Path], timeout: float, *, quiet: bool
) -> list[Result]:
    columns = TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console(), disable=quiet) as progress:
        bar = progress.add_task("uploading", total=len(paths))
        uploads = []
        for upload in showcase.upload(running, paths):
            uploads.append(upload)
            progress.advance(bar)
        bar = progress.add_task("processing", total=len(paths))
        for count in showcase.follow(endings, uploads, timeout):
            progress.update(bar, completed=count)
    return list(showcase.results(running, uploads, endings))


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
