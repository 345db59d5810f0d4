"""`batchkit local`: the local stack, for as long as one wants it."""

from __future__ import annotations

import time
import webbrowser
from contextlib import closing
from pathlib import Path

import click

from batchkit.cli import uploading
from batchkit.cli.image import build_image
from batchkit.cli.options import (
    config_option,
    environment,
    errand_options,
    executor_options,
    output_option,
)
from batchkit.cli.output import one_line
from batchkit.cli.projects import load_or_example
from batchkit.deploy.image import engine
from batchkit.errors import ConfigError
from batchkit.local.address import DEFAULT_PORT
from batchkit.local.executors import Kind
from batchkit.local.faults import Faults
from batchkit.local.sandbox import Options, Sandbox, sandbox
from batchkit.local.trace import Trace, ignore
from batchkit.project import Project
from batchkit.worker import stop

# How long a signal may go unnoticed.
LISTEN_SECONDS = 0.2

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
    """Run the whole system on this machine, behind one endpoint on 127.0.0.1.

    \b
    Examples:
      batchkit local up
      batchkit local run holiday/*.jpg
    """


@command.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one."
)
@click.option("--open", "show_page", is_flag=True, help="Open the live page in this machine's browser.")
@click.option("--quiet", "-q", is_flag=True, help="Do not show events and jobs.")
@executor_options
@config_option
def up(
    *,
    port: int,
    show_page: bool,
    quiet: bool,
    executor: Kind,
    image: str | None,
    faults: Faults,
    config: Path | None,
) -> None:
    """Serve the stack until Ctrl-C, and show events and jobs live.

    \b
    Examples:
      batchkit local up --open
      batchkit local up --executor docker --faults spot=0.2,seed=7

    \b
    Then, in another terminal after the exports it prints:
      aws s3 cp photo.jpg s3://photos-originals/holiday/
      aws batch list-jobs --job-queue photos-upload --job-status SUCCEEDED
    """
    screen = Screen()
    observe = ignore if quiet else screen
    project = load_or_example(config)
    options = Options(port, executor, worker_image(project, executor, image), faults, observe)
    with sandbox(project, options) as running, stop.listening() as told:
        click.echo(greeting(running))
        if show_page:
            webbrowser.open(running.stack.live_page)
        # Not an Event: a second signal inside `set()` would wait for its own lock for ever.
        while not (told.requested or screen.is_gone):
            time.sleep(LISTEN_SECONDS)
        click.echo("stopping …", err=True)
    if screen.is_gone:
        raise BrokenPipeError


class Screen:
    """Shows what happens as long as somebody looks: it is called by threads that must go on."""

    def __init__(self) -> None:
        self.is_gone = False

    def __call__(self, trace: Trace) -> None:
        if self.is_gone:
            return
        try:
            show(trace)
        except BrokenPipeError:
            self.is_gone = True


@command.command()
@click.argument(
    "photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@errand_options
@executor_options
@config_option
@output_option
def run(
    *,
    photos: tuple[Path, ...],
    out: Path,
    timeout: float,
    executor: Kind,
    image: str | None,
    faults: Faults,
    config: Path | None,
    output: str,
) -> int:
    """Start the stack, put PHOTOS through it, print what became of them, and stop.

    \b
    Example:
      batchkit local run holiday/*.jpg --executor docker --faults spot=0.2,seed=7
    """
    project = load_or_example(config)
    options = Options(executor=executor, image=worker_image(project, executor, image), faults=faults)
    return uploading.run(project, options, uploading.Errand(photos, out, timeout), output)


def worker_image(project: Project, executor: Kind, image: str | None) -> str | None:
    """The image that containers run: the given one, the project's own, else one built of what is installed.

    Raises ConfigError when the engine has no such image.
    """
    if executor != "docker":
        return image
    with closing(engine.connect(environment())) as client:
        wanted = image or project.compute.image
        if wanted is None:
            return build_image(client).tag
        if engine.find(client, wanted) is None:
            raise ConfigError(
                "the engine has no such image",
                found=wanted,
                expected="an image that is here: none is pulled",
                fix="docker pull it, or leave --image and [compute] image out to build one",
            )
        return wanted


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
        f"What happens shows at {running.stack.live_page}\n"
        f"Ctrl-C stops it."
    )
