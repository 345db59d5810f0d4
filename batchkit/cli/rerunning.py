"""Planning and submitting what another run, or a comparison, left to do: `retry` and `sweep`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from batchkit.cli.output import print_json
from batchkit.cli.parameters import USD
from batchkit.cli.terminal import Terminal
from batchkit.errors import EX_DATAERR
from batchkit.runs.commanding import Command, Done
from batchkit.runs.intents import is_over
from batchkit.runs.requests import Prepared
from batchkit.runs.submit import check_cost

if TYPE_CHECKING:
    from batchkit.planning.backfill import Plan
    from batchkit.runs.bulk import Bulk
    from batchkit.runs.intents import Over
    from batchkit.runs.requests import Request

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


@dataclass(frozen=True)
class Part:
    """A run to plan and submit, and the lane that does it; `over` as in `Bulk.prepare`."""

    bulk: Bulk
    request: Request
    over: Over = is_over

    @property
    def source(self) -> str:
        return self.request.source

    def prepare(self, command: Command, folder: Path, *, dry_run: bool) -> Prepared:
        if dry_run:
            return command.rehearse(self.request, folder)
        return command.prepare(self.request, folder, over=self.over)


@dataclass(frozen=True)
class Begun:
    """A run whose submission broke off, to be continued: its plan, and what the ledger says that it does."""

    bulk: Bulk
    plan: Plan
    source: str

    def prepare(self, command: Command, folder: Path, *, dry_run: bool) -> Prepared:
        return Prepared(self.plan, None, continued=True) if dry_run else self.bulk.adopt(self.plan, None)


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """What was chosen on the command line."""

    max_cost: float | None
    dry_run: bool
    wait: bool
    yes: bool
    output: str

    def run(
        self,
        parts: Sequence[Part | Begun],
        folder: Path,
        begun: Callable[[str], object] = lambda run: None,
        **facts: Any,
    ) -> int:
        """Plan and submit; the exit code. `begun` is told of each run before that; `facts` go into the JSON.

        All parts are planned before one is submitted: the limit is for all of them.
        """
        commands = [self._command(part) for part in parts]
        planned = [
            part.prepare(command, folder / f"part-{number}", dry_run=self.dry_run)
            for number, (command, part) in enumerate(zip(commands, parts, strict=True))
        ]
        total = sum(one.plan.cost.total for one in planned)
        done = []
        for command, one in zip(commands, planned, strict=True):
            if one.plan.arrays and not self.dry_run:
                begun(one.plan.run)
            done.append(self._do(command, one, besides=total - one.plan.cost.total))
        self._print([self._facts(one) for one in done], facts)
        return 0 if all(one.is_good for one in done) else EX_DATAERR

    def _command(self, part: Part | Begun) -> Command:
        return Command(
            bulk=part.bulk,
            face=Terminal(self.output, self.yes),
            source=part.source,
            max_cost=self.max_cost,
            wait=self.wait,
        )

    def _do(self, command: Command, planned: Prepared, besides: float) -> Done:
        if not self.dry_run:
            return command.carry_out(planned, besides=besides)
        command.face.plan(planned.plan)
        if not planned.continued:
            check_cost(planned.plan, self.max_cost, besides=besides)
        return Done(planned)

    def _facts(self, done: Done) -> dict[str, Any]:
        begun = bool(done.prepared.plan.arrays) and not self.dry_run
        return {**done.as_json(), "run": done.prepared.plan.run if begun else None}

    def _print(self, runs: list[dict[str, Any]], facts: Mapping[str, Any]) -> None:
        """`run`, `plan` and `end` of the first run; `more` are the others'."""
        if self.output == "json":
            first, *more = runs or [{"run": None}]
            print_json({**facts, **first, **({"more": more} if more else {})})
        elif not runs:
            click.echo("nothing to do again")


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="batchkit-") as folder:
        yield Path(folder)
