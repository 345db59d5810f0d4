"""`batchkit dlq list|replay`: what could not be delivered, and trying it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from batchkit.aws.clients import Clients
from batchkit.aws.dead_letters import DeadLetters
from batchkit.aws.delivery import Delivery
from batchkit.aws.stacks import Stacks
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json, print_rows
from batchkit.cli.projects import load_here
from batchkit.deploy import inventory
from batchkit.deploy.replay import Replay, Replayed, dead_letter_queues, handlers, replay
from batchkit.errors import EX_TEMPFAIL

LISTED = ("sent", "about", "error", "message", "what helps")
REPLAYED = ("about", "error", "replay", "")


@click.group()
def command() -> None:
    """List dead letters, or try them again.

    \b
    Examples:
      batchkit dlq list
      batchkit dlq replay --dry-run
    """


@command.command("list")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Messages of a queue.")
@config_option
@output_option
def list_(limit: int, config: Path | None, output: str) -> None:
    """List what could not be delivered: events, and why EventBridge or Lambda gave up.

    Reading hides a message for a moment; none is deleted.

    \b
    Example:
      batchkit dlq list --output json
    """
    letters = []
    for queue in _opened(config).queues:
        for received in list(queue.letters(limit)):
            letters.append(received.letter)
            queue.put_back(received)
    if output == "json":
        print_json([letter.as_json() for letter in letters])
        return
    rows = [(_clock(one.sent), one.about, one.error, one.message, one.advice) for one in letters]
    print_rows(LISTED, rows)


@command.command("replay")
@click.option("--dry-run", is_flag=True, help="Say what would be done with each message.")
@click.option("--limit", type=click.IntRange(1), help="Messages of a queue; without it, all.")
@config_option
@output_option
def replay_(dry_run: bool, limit: int | None, config: Path | None, output: str) -> int:
    """Deliver dead letters again, each to the target that it was meant for.

    A message is deleted after its delivery, never before: twice is harmless, lost is not. What fails stays,
    and the command exits 75.

    \b
    Examples:
      batchkit dlq replay --dry-run
      batchkit dlq replay --limit 10
    """
    opened = _opened(config)
    results = (
        one for queue in opened.queues for one in replay(queue, opened.replay, dry_run=dry_run, limit=limit)
    )
    return tell(results, dry_run=dry_run, output=output)


def tell(replayed: Iterable[Replayed], *, dry_run: bool, output: str) -> int:
    """Print what became of the letters, also of those before an error; the exit code."""
    results: list[Replayed] = []
    try:
        # extend keeps what came before an error.
        results.extend(replayed)
    finally:
        _print(results, dry_run=dry_run, output=output)
    return EX_TEMPFAIL if any(one.error for one in results) else 0


def _print(results: Sequence[Replayed], *, dry_run: bool, output: str) -> None:
    if output == "json":
        print_json({"dry_run": dry_run, "letters": [one.as_json() for one in results]})
    else:
        rows = [(one.letter.about, one.letter.error, one.done, one.error) for one in results]
        print_rows(REPLAYED, rows)


@dataclass(frozen=True)
class _Opened:
    """A project's dead-letter queues, and what delivers what lies in them."""

    queues: list[DeadLetters]
    replay: Replay


def _opened(config: Path | None) -> _Opened:
    project, clients = load_here(config), Clients()
    stacks = Stacks(clients.cloudformation)
    found = inventory.deployed(stacks, project.name)
    outputs = inventory.outputs(found, project.name)
    queues = dead_letter_queues(clients, stacks, found)
    return _Opened(queues, Replay(Delivery(clients), handlers(project.name, outputs)))


def _clock(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M") if seconds else ""
