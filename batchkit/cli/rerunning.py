"""Planning and submitting what another run, or a comparison, left to do: `retry` and `sweep`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from batchkit.cli import progress
from batchkit.cli.output import print_json
from batchkit.cli.plan_output import print_plan
from batchkit.errors import EX_DATAERR
from batchkit.planning.states import RunState
from batchkit.runs.interrupts import Stopped, interruptible
from batchkit.runs.submit import check_cost
from batchkit.runs.watch import watch

if TYPE_CHECKING:
    from batchkit.runs.bulk import Bulk, Prepared, Request
    from batchkit.runs.watch import Progress

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--max-cost", type=click.FloatRange(0), metavar="USD", help="Refuse a run that costs more."),
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

    def run(self, bulk: Bulk, request: Request, folder: Path, stopped: Stopped, **facts: Any) -> int:
        """Plan and submit; the exit code. `facts` go into the JSON."""
        if self.dry_run:
            prepared = bulk.rehearse(request, folder, stopped)
        else:
            prepared = bulk.prepare(request, folder, stopped)
        last = self._carry_out(bulk, request, prepared, stopped)
        if self.output == "json":
            print_json(
                {
                    **facts,
                    "run": prepared.plan.run if prepared.plan.arrays and not self.dry_run else None,
                    "continued": prepared.continued,
                    "plan": prepared.plan.as_json(),
                    "end": last.as_json() if last else None,
                }
            )
        return EX_DATAERR if last is not None and last.state is not RunState.SUCCEEDED else 0

    def _carry_out(
        self, bulk: Bulk, request: Request, prepared: Prepared, stopped: Stopped
    ) -> Progress | None:
        plan = prepared.plan
        if self.output != "json":
            print_plan(plan, self.output)
        if not plan.arrays:
            bulk.release(prepared)
            return None
        check_cost(plan, self.max_cost)
        if self.dry_run:
            return None
        if not self.yes and self.output != "json" and sys.stdin.isatty():
            click.confirm(f"Submit {plan.run}?", abort=True)
        bulk.submit(prepared, request.source, lambda step: click.echo(str(step), err=True), stopped)
        click.echo(f"submitted {plan.run}; batchkit status {plan.run}", err=True)
        if not self.wait:
            return None
        return progress.show(watch(plan, bulk.ledger, bulk.queue, bulk.clock, bulk.sleep))


@contextmanager
def workplace() -> Iterator[tuple[Path, Stopped]]:
    """A folder that goes afterwards, and whether Ctrl-C came."""
    with (
        tempfile.TemporaryDirectory(prefix="batchkit-") as folder,
        interruptible(lambda: click.echo("stopping after the current call …", err=True)) as stopped,
    ):
        yield Path(folder), stopped
