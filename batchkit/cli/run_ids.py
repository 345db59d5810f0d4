"""The argument RUN, and how a shell completes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from batchkit.errors import BatchkitError

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.runs.listing import Summary

F = TypeVar("F", bound=Callable[..., Any])

# Runs that are offered, and seconds that a person waits for them after the TAB key.
OFFERED = 20
PATIENCE = 3


class RunType(click.ParamType[str]):
    """The id of a run. A shell offers the latest bulk runs of the project."""

    name = "RUN"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        found = _latest(ctx.params.get("config"))
        return [
            CompletionItem(run.run, help=f"{run.word} {run.source}")
            for run in found
            if run.run.startswith(incomplete)
        ]


def run_argument(command: F) -> F:
    """`RUN`."""
    return click.argument("run", type=RunType())(command)


def _latest(config: Path | None) -> list[Summary]:
    """None where they cannot be had: a shell that completes a word has no place for an error."""
    from batchkit.aws.clients import Clients, configuration  # noqa: PLC0415  (only completing needs these)
    from batchkit.aws.run_ledger import BULK, RunLedger  # noqa: PLC0415  (as above)
    from batchkit.cli.projects import load_here  # noqa: PLC0415  (as above)
    from batchkit.planning import names  # noqa: PLC0415  (as above)
    from batchkit.runs.listing import latest  # noqa: PLC0415  (as above)

    try:
        table = names.ledger_table(load_here(config).name)
        clients = Clients(config=configuration(attempts=1, connect_seconds=PATIENCE, read_seconds=PATIENCE))
        return latest(RunLedger(clients.dynamodb, table), BULK, OFFERED)
    except BatchkitError:
        return []
