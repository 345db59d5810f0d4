"""`batchkit destroy`: take the project off AWS; its data only when asked to."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from batchkit.aws.clients import Clients
from batchkit.aws.stacks import StackState
from batchkit.cli import outputs_file
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json, print_rows
from batchkit.cli.projects import load_here
from batchkit.cli.stack_progress import StackProgress
from batchkit.deploy import code, inventory
from batchkit.deploy.deploy import site
from batchkit.deploy.destroy import (
    KEY,
    DeleteData,
    Destroyer,
    Remaining,
    Step,
    holdings,
    is_ours,
    job_queues,
    own_key,
    plan_destroy,
    remaining,
)
from batchkit.deploy.plan import plan
from batchkit.deploy.replay import dead_letter_queues
from batchkit.deploy.tools import Tools
from batchkit.errors import ConfigError
from batchkit.project import Project

COLUMNS = ("remains", "name", "holds", "USD a month")


@click.command()
@click.option("--delete-data", is_flag=True, help="Also buckets and ledger: sources, outputs, everything.")
@click.option("--yes", is_flag=True, help="Do not ask for the project's name.")
@config_option
@output_option
def command(delete_data: bool, yes: bool, config: Path | None, output: str) -> None:
    """Take the project off AWS.

    Ends all jobs, deletes the stacks, and says what remains: the buckets, the ledger and the project's own
    key, unless --delete-data deletes them, too, the key in 30 days. Images, logs and dead letters go with
    their stacks. What batchkit did not make is never touched. Repeated, it goes on where it was.

    \b
    Examples:
      batchkit destroy
      batchkit destroy --delete-data
    """
    project, clients, progress = load_here(config), Clients(), StackProgress()
    with contextlib.closing(progress):
        session = _Session(project, clients, Tools.of(clients, project.name, progress), output)
        session.run(delete_data=delete_data, yes=yes)


@dataclass(frozen=True)
class _Session:
    """One command: whose stacks, and with what."""

    project: Project
    clients: Clients
    tools: Tools
    output: str

    def run(self, *, delete_data: bool, yes: bool) -> None:
        stacks = inventory.deployed(self.tools.stacks, self.project.name)
        # The key last: what it encrypts is lost without it.
        data = [*self._data(), *own_key(self.tools, stacks)]
        queues = job_queues(self.tools, stacks)
        steps = plan_destroy(stacks, queues, self._existing(data) if delete_data else ())
        self._warn(stacks)
        if steps:
            self._ask(steps, yes=yes)
        destroyer = Destroyer(self.clients, self.tools, lambda line: click.echo(line, err=True))
        for step in steps:
            click.echo(str(step), err=True)
            destroyer.take(step)
        outputs_file.remove(self.project)
        self._print(steps, remaining(self.clients, data))

    def _data(self) -> list[DeleteData]:
        """What the project's templates retain, and is the project's own."""
        place = site(self.clients, self.project)
        pseudo = {"AWS::AccountId": place.account, "AWS::Region": place.region}
        known = holdings(plan(self.project, place, code.pack()), pseudo)
        return [one for one in known if is_ours(self.clients, self.project.name, one)]

    def _warn(self, stacks: Sequence[StackState]) -> None:
        """The queues of dead letters go with their stack, whatever lies in them."""
        for queue in dead_letter_queues(self.clients, self.tools.stacks, stacks):
            if count := queue.count():
                text = f"{count:,} dead letters in {queue.name} are lost; `batchkit dlq replay` delivers them"
                click.secho(text, fg="red", err=True)

    def _existing(self, data: Sequence[DeleteData]) -> list[DeleteData]:
        return [DeleteData(one.kind, one.name) for one in remaining(self.clients, data)]

    def _ask(self, steps: Sequence[Step], *, yes: bool) -> None:
        if yes:
            return
        for step in steps:
            click.echo(f"  - {step}", err=True)
        if not sys.stdin.isatty():
            raise ConfigError(
                "nobody can be asked whether to do this",
                found="standard input is no terminal",
                fix="batchkit destroy --yes",
            )
        typed = click.prompt(f"\nType the project's name ({self.project.name}) to do this", err=True)
        if typed != self.project.name:
            raise click.Abort

    def _print(self, steps: Sequence[Step], left: Sequence[Remaining]) -> None:
        if self.output == "json":
            taken = [str(step) for step in steps]
            print_json(
                {"project": self.project.name, "steps": taken, "remaining": [r.as_json() for r in left]}
            )
            return
        if not steps:
            click.echo(f"There is no stack of the project '{self.project.name}'.")
        if left:
            print_rows(COLUMNS, [_cells(one) for one in left])
            click.echo(
                "\nbatchkit destroy --delete-data deletes these, too; batchkit deploy takes them over."
            )
            if any(one.kind == KEY for one in left):
                click.echo("Not the key, which only its stack knew: aws kms schedule-key-deletion does.")
        else:
            click.echo("Nothing remains.")


def _cells(one: Remaining) -> tuple[str, ...]:
    monthly = "0.023 a GB" if one.monthly is None else f"{one.monthly:,.2f}"
    return one.kind.removeprefix("AWS::"), one.name, one.holds, monthly
