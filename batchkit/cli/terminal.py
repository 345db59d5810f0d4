"""The person at the terminal, as a command of the bulk lane sees them: plans, questions, steps, progress."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from batchkit.cli import progress
from batchkit.cli.output import is_terminal
from batchkit.cli.plan_output import print_plan
from batchkit.runs.interrupts import interruptible

if TYPE_CHECKING:
    from batchkit.planning.backfill import Plan
    from batchkit.runs.interrupts import Stopped
    from batchkit.runs.steps import Step
    from batchkit.runs.watch import Progress


@dataclass(frozen=True)
class Terminal:
    """Facts go onto standard output, unless they are to be one JSON document; all else onto stderr."""

    output: str
    yes: bool = False

    def plan(self, plan: Plan) -> None:
        if self.output != "json":
            print_plan(plan, self.output)

    def ask(self, run: str) -> None:
        """Raises click.Abort when the answer is no. Nobody is asked who could not answer."""
        if not self.yes and self.output != "json" and is_terminal(sys.stdin):
            click.confirm(f"Submit {run}?", abort=True)

    def step(self, step: Step) -> None:
        click.echo(str(step), err=True)

    def note(self, text: str) -> None:
        click.echo(text, err=True)

    def follow(self, looks: Iterable[Progress]) -> Progress | None:
        return progress.show(looks)

    def interruptible(self) -> AbstractContextManager[Stopped]:
        return interruptible(lambda: click.echo("stopping after the current call …", err=True))
