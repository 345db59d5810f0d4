"""`batchkit completion SHELL`: what a shell needs to complete batchkit's command lines."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from batchkit.errors import InternalError

SHELLS = ("bash", "zsh", "fish")

# What click's scripts set, and what `cli.main` looks for.
VARIABLE = "_BATCHKIT_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, and the ids of the latest runs.

    \b
    Examples:
      batchkit completion bash > ~/.local/share/bash-completion/completions/batchkit
      batchkit completion zsh > ~/.zfunc/_batchkit
      batchkit completion fish > ~/.config/fish/completions/batchkit.fish

    A shell started afterwards has it; in zsh, if ~/.zfunc is in fpath before compinit is called. Completing
    a RUN asks the ledger of the project in whose folder you are, with your AWS credentials.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise InternalError(f"click knows no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "batchkit", VARIABLE).source())
