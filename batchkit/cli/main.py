"""The `batchkit` command: finds the subcommands, and turns errors into texts and exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from batchkit import __version__
from batchkit.errors import BatchkitError, ConfigError, InternalError, MissingExtra

# One module under batchkit/cli/ each, exporting `command`; its purpose stands here, so that the list of
# commands needs no import.
COMMANDS = {
    "cancel": "Stop a bulk run.",
    "check": "Read batchkit.toml and say what it stands for.",
    "deploy": "Put the project onto AWS, or bring it up to date.",
    "demo": "Upload photos to a local stack and watch them become variants.",
    "destroy": "Take the project off AWS; its data only when asked to.",
    "doctor": "Say what is wrong with what is deployed, and what to do.",
    "dlq": "List what could not be delivered, and deliver it again.",
    "explain": "Say why a Batch job failed or waits, and what to do.",
    "gallery": "Look at what became of the sources, as pictures.",
    "gc": "List, and delete, outputs whose source is gone.",
    "image": "Build the workers' container image, and push it to a registry.",
    "init": "Write a working project into a folder.",
    "local": "Run the whole system on this machine.",
    "logs": "Print what a run's children logged.",
    "outputs": "Print names, URLs and ARNs of what is deployed.",
    "preview": "Make every task of local files into a folder, without AWS.",
    "report": "Write what became of a bulk run into one HTML file.",
    "results": "Print what became of a run's items.",
    "retry": "Do a run's failed items again, and nothing else.",
    "runs": "List the latest bulk runs.",
    "schedule": "Add, list and remove sweeps and submissions by the clock.",
    "schema": "Print the JSON Schema of batchkit.toml.",
    "status": "Say what became of a run.",
    "submit": "Plan a backfill, say what it does and costs, and submit it.",
    "sweep": "Make what is missing or stale.",
}

# As a shell says of a program that Ctrl-C ended: 128 and the signal's number.
INTERRUPTED = 130

# What brings a module that a command may miss.
EXTRAS = {
    "PIL": "images",
    "docker": "local",
    "moto": "local",
    "numpy": "images",
    "pygal": "report",
    "werkzeug": "local",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called for: `batchkit --help` loads no boto3."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Raises MissingExtra when the command needs a package that is not installed."""
        if cmd_name not in COMMANDS:
            return None
        try:
            command: click.Command = import_module(f"batchkit.cli.{cmd_name}").command
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing not in EXTRAS:
                raise
            raise MissingExtra(f"`batchkit {cmd_name}`", EXTRAS[missing], missing) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="batchkit")
@click.option("--debug", is_flag=True, envvar="BATCHKIT_DEBUG", help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """An upload becomes its derived files: AWS Batch array jobs, driven by events."""


def main(arguments: list[str] | None = None) -> Any:
    """Run a command and exit: 0, 2 for a wrong command line, else the error's own code."""
    try:
        with terminated_as_interrupted():
            code = cli.main(args=arguments, prog_name="batchkit", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        sys.exit(_failed(error, sys.argv[1:] if arguments is None else arguments))
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does: with everything tidied up."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _failed(error: Exception, arguments: list[str]) -> int:
    """Tell of an error on standard error; the exit code."""
    if "--debug" in arguments or os.environ.get("BATCHKIT_DEBUG"):
        traceback.print_exception(error)
    told = _told(error)
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(str(told), err=True)
    return told.exit_code


def _told(error: Exception) -> BatchkitError:
    if isinstance(error, BatchkitError):
        return error
    if isinstance(error, OSError):
        return ConfigError("the system refused something", found=str(error), fix="--debug shows where")
    return InternalError(
        "this is a bug of batchkit's",
        found=f"{type(error).__name__}: {error}",
        fix="report it with what `batchkit --debug …` prints",
    )
