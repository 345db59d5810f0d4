"""The `batchkit` command: finds the subcommands, and turns errors into texts and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from batchkit import __version__
from batchkit.errors import EX_SOFTWARE, BatchkitError

# One module under batchkit/cli/ each, exporting `command`; imported when it is called for.
COMMANDS = ("check", "demo", "image", "local", "preview", "schema", "status")


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time: `batchkit --help` loads no boto3."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"batchkit.cli.{cmd_name}").command
        return command


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="batchkit")
def cli() -> None:
    """An upload becomes its derived files: AWS Batch array jobs, driven by events."""


def main(arguments: list[str] | None = None) -> Any:
    """Run a command and exit: 0, 2 for a wrong command line, else the error's own code."""
    try:
        code = cli.main(args=arguments, prog_name="batchkit", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BatchkitError as error:
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader went away (`batchkit … | head`): end quietly, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EX_SOFTWARE)
