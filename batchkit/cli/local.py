"""`batchkit local`: the local stack, for as long as one wants it."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import click

from batchkit.cli.options import config_option
from batchkit.cli.output import one_line
from batchkit.cli.projects import load_or_example
from batchkit.local.sandbox import Sandbox, sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.local.trace import Trace

PORT = 4566

COLOURS = {
    "event": "cyan",
    "delivery": "blue",
    "job": "green",
    "message": "magenta",
    "dead-letter": "red",
    "log": None,
}


@click.group()
def command() -> None:
    """Run the whole system on this machine, behind one endpoint on 127.0.0.1."""


@command.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: any free port."
)
@click.option("--quiet", "-q", is_flag=True, help="Do not show events and jobs.")
@config_option
def up(port: int, quiet: bool, config: Path | None) -> None:
    """Serve the stack until Ctrl-C, and show events and jobs live.

    \b
    Example, in another terminal after the exports it prints:
      aws s3 cp photo.jpg s3://photos-originals/holiday/
      aws batch list-jobs --job-queue photos-upload --job-status SUCCEEDED
    """
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with sandbox(load_or_example(config), port=port, observe=_nothing if quiet else show) as running:
        click.echo(greeting(running))
        stopped.wait()
        click.echo("stopping …", err=True)


def show(trace: Trace) -> None:
    """One line about what just happened."""
    clock = time.strftime("%H:%M:%S", time.localtime(trace.at))
    click.echo(f"{clock} {click.style(f'{trace.kind:<11}', fg=COLOURS[trace.kind])} {one_line(trace.text)}")


def greeting(running: Sandbox) -> str:
    """What to export and what to try."""
    project, environment = running.project, running.stack.environment
    exports = "\n".join(f"  export {name}={value}" for name, value in environment.items())
    return (
        f"local stack of project '{project.name}' at {running.stack.endpoint}; in another terminal:\n\n"
        f"{exports}\n"
        f"  aws s3 cp photo.jpg s3://{project.upload.bucket}/{project.upload.prefix}\n\n"
        f"Ctrl-C stops it."
    )


def _nothing(trace: Trace) -> None:
    """Shows nothing."""
