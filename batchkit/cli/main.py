"""The `batchkit` command: finds the subcommands, and turns errors into texts and exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TextIO

import click
from click.shell_completion import CompletionItem

from batchkit import __version__
from batchkit.errors import BatchkitError, ConfigError, InternalError, MissingExtra

# One module under batchkit/cli/ each, exporting `command`; its purpose stands here, so that the list of
# commands needs no import.
COMMANDS = {
    "cancel": "Stop a bulk run.",
    "check": "Read batchkit.toml and say what it stands for.",
    "completion": "Print what makes your shell complete commands, options and runs.",
    "deploy": "Put the project onto AWS, or bring it up to date.",
    "demo": "Upload photos to a local stack and watch them become variants.",
    "destroy": "Take the project off AWS; its data only when asked to.",
    "doctor": "Say what is wrong, on AWS or on this machine, and what to do.",
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
# As of a program that SIGPIPE ends: whoever read its output went away.
UNREAD = 128 + signal.SIGPIPE

# What brings a module that a command may miss, or do with another one in its place.
EXTRAS = {
    "PIL": "images",
    "docker": "local",
    "moto": "local",
    "nanoarrow": "fast",
    "numpy": "images",
    "pyarrow": "inventory",
    "pygal": "report",
    "pyvips": "fast",
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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names and purposes from the list: completing a command imports none."""
        names = [name for name in sorted(COMMANDS) if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=COMMANDS[name]) for name in names), *options]

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        """Prints the help, if that is asked for."""
        with ending_unread():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        with ending_unread():
            result = super().invoke(ctx)
            for stream in _streams():
                stream.flush()
            return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="batchkit")
@click.option("--debug", is_flag=True, envvar="BATCHKIT_DEBUG", help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """An upload becomes its derived files: AWS Batch array jobs, driven by events.

    \b
    Examples:
      batchkit init photos
      batchkit demo
      batchkit submit s3://photos-originals/2024/ --dry-run
    """
    ctx.color = colours(os.environ)


def colours(environ: Mapping[str, str]) -> bool | None:
    """False where the person wants none (https://no-color.org); None: where the output is a terminal."""
    return False if environ.get("NO_COLOR") else None


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
def ending_unread() -> Iterator[None]:
    """A closed pipe ends the program quietly, as in `batchkit runs | head`; click would exit with 1."""
    try:
        yield
    except BrokenPipeError:
        for stream in _streams():
            _abandon(stream)
        sys.exit(UNREAD)


def _streams() -> list[TextIO]:
    """Standard output and error, as far as they are open."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


def _abandon(stream: TextIO) -> None:
    """What is left in its buffer goes nowhere, instead of failing when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


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
    click.secho("error: ", fg="red", bold=True, nl=False, err=True, color=colours(os.environ))
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
