"""Planning and submitting what another run, or a comparison, left to do: `retry` and `sweep`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from batchkit.cli.output import print_json
from batchkit.cli.submit_options import USD
from batchkit.cli.terminal import Terminal
from batchkit.errors import EX_DATAERR
from batchkit.runs.commanding import Command, Done
from batchkit.runs.submit import check_cost

if TYPE_CHECKING:
    from batchkit.runs.bulk import Bulk, Request

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--max-cost", type=USD, help="Refuse a run that costs more."),
    click.option("--dry-run", is_flag=True, help="Print the plan, and change nothing."),
    click.option("--wait", is_flag=True, help="Show progress until the run has ended."),
    click.option("--yes", "-y", is_flag=True, help="Do not ask."),
)


def rerun_options(command: F) -> F:
    """`--max-cost`, `--dry-run`, `--wait` and `--yes`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """What was chosen on the command line."""

    max_cost: float | None
    dry_run: bool
    wait: bool
    yes: bool
    output: str

    def run(self, bulk: Bulk, request: Request, folder: Path, **facts: Any) -> int:
        """Plan and submit; the exit code. `facts` go into the JSON."""
        terminal = Terminal(self.output, self.yes)
        command = Command(
            bulk=bulk, face=terminal, source=request.source, max_cost=self.max_cost, wait=self.wait
        )
        if self.dry_run:
            done = Done(command.rehearse(request, folder / "run"))
            terminal.plan(done.prepared.plan)
            check_cost(done.prepared.plan, self.max_cost)
        else:
            done = command.carry_out(command.prepare(request, folder / "run"))
        if self.output == "json":
            begun = bool(done.prepared.plan.arrays) and not self.dry_run
            print_json({**facts, **done.as_json(), "run": done.prepared.plan.run if begun else None})
        return 0 if done.is_good else EX_DATAERR


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="batchkit-") as folder:
        yield Path(folder)
