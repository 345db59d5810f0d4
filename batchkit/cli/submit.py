"""`batchkit submit`: plan a backfill, say what it does and costs, and submit it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json
from batchkit.cli.projects import load_here
from batchkit.cli.submit_options import Choices, submit_options, typed
from batchkit.cli.terminal import Terminal
from batchkit.errors import EX_DATAERR
from batchkit.runs import canary
from batchkit.runs.bulk import Bulk
from batchkit.runs.commanding import Command
from batchkit.runs.submit import Rehearsal, check_cost, execute

if TYPE_CHECKING:
    from batchkit.runs.canary import Both
    from batchkit.runs.commanding import Done
    from batchkit.runs.requests import Prepared


@click.command()
@click.argument("source", required=False)
@submit_options
@config_option
@output_option
def command(config: Path | None, output: str, **given: Any) -> int:
    """Make all tasks of the objects that SOURCE names: one run, as few array jobs as possible.

    SOURCE is s3://bucket/prefix, the s3://…/manifest.json of an S3 Inventory, or a file of keys.

    \b
    Examples:
      batchkit submit s3://photos-originals/2024/ --dry-run
      batchkit submit s3://photos-originals/ --changed-only --canary 0.5% --max-cost 50 --wait
      aws s3api list-objects-v2 … | batchkit submit --manifest - --output json

    Interrupted, the same command continues the same run, and submits nothing twice.
    """
    choices = Choices(**given)
    choices.check_alone(typed(click.get_current_context()))
    bulk = Bulk.of(load_here(config), Clients())
    with tempfile.TemporaryDirectory(prefix="batchkit-") as folder:
        return _Submission(bulk, choices, Path(folder), Terminal(output, choices.yes)).run()


@dataclass(frozen=True)
class _Submission:
    """One command line: what was chosen, and where its files lie."""

    bulk: Bulk
    choices: Choices
    folder: Path
    terminal: Terminal

    def run(self) -> int:
        """The exit code."""
        if self.choices.dry_run or self.choices.save is not None:
            self._rehearse()
            return 0
        done = self._done()
        if self.terminal.output == "json":
            print_json(done.as_json())
        return 0 if done.is_good else EX_DATAERR

    def _done(self) -> Done | Both:
        choices, command = self.choices, self._command
        if choices.plan_file is not None:
            kept = self.bulk.kept(choices.plan_file)
            return command.carry_out(self.bulk.adopt(kept.plan, kept.spool))
        request = choices.request(self.bulk, self.folder)
        if choices.canary is not None:
            return canary.carry_out(command, request, choices.canary, choices.max_error_rate, self.folder)
        return command.carry_out(command.prepare(request, self.folder / "run"))

    @property
    def _command(self) -> Command:
        choices = self.choices
        return Command(
            bulk=self.bulk,
            face=self.terminal,
            source=choices.text,
            max_cost=choices.max_cost,
            wait=choices.wait,
            again=choices.again,
        )

    def _rehearse(self) -> None:
        parts, rehearsal = self._rehearsed(), Rehearsal()
        besides = sum(part.plan.cost.total for part in parts[:-1])
        check_cost(parts[-1].plan, self.choices.max_cost, besides=besides)
        for part in parts:
            execute(self.bulk.steps(part, self.choices.text), rehearsal)
            self.terminal.plan(part.plan)
        if self.choices.save is not None:
            self.bulk.keep(parts[-1], self.choices.save)
        if self.terminal.output == "json":
            plans = [part.plan.as_json() for part in parts]
            before = {"canary": {"plan": plans[0]}} if len(plans) > 1 else {}
            print_json({"plan": plans[-1], **before, "steps": rehearsal.taken})
        else:
            click.echo("\nNothing was changed. Submitting it would:\n  " + "\n  ".join(rehearsal.taken))

    def _rehearsed(self) -> list[Prepared]:
        """The runs of the command: one, or a canary and the rest."""
        choices = self.choices
        if choices.plan_file is not None:
            return [self.bulk.kept(choices.plan_file)]
        request = choices.request(self.bulk, self.folder)
        if choices.canary is None:
            return [self._command.rehearse(request, self.folder / "run")]
        return canary.rehearse(self._command, request, choices.canary, self.folder)
