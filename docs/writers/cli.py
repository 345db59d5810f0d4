"""The command line, from each command's own `--help`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from batchkit.cli.main import cli
from docs.writers.markdown import block, document

WIDTH = 100

INTRODUCTION = """\
What `--help` prints, for each command. `--output json` gives facts to programs. `BATCHKIT_CONFIG` stands
for `--config`, and the variables of the AWS SDK (`AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL`) say
which account, or the local stack."""


def page() -> str:
    return document("Commands", INTRODUCTION, *_sections(_context(cli, "batchkit", None), depth=2))


def _sections(context: click.Context, depth: int) -> Iterator[str]:
    """A heading and the help of a command, then of its subcommands."""
    yield f"{'#' * depth} {context.command_path}"
    yield block(context.command.get_help(context))
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None and not command.hidden:
                yield from _sections(_context(command, name, context), min(depth + 1, 3))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    settings = {"terminal_width": WIDTH, **command.context_settings}
    return click.Context(command, info_name=name, parent=parent, **settings)
