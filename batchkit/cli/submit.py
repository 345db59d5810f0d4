"""`batchkit submit`: plan a backfill, say what it does and costs, and submit it."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.cli import progress
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json
from batchkit.cli.plan_output import print_plan
from batchkit.cli.projects import load_here
from batchkit.cli.submit_options import Choices, submit_options, typed
from batchkit.errors import EX_DATAERR
from batchkit.planning.states import RunState
from batchkit.runs import canary
from batchkit.runs.bulk import Bulk, Prepared
from batchkit.runs.interrupts import interruptible
from batchkit.runs.submit import Rehearsal, check_cost, execute
from batchkit.runs.watch import watch

if TYPE_CHECKING:
    from batchkit.runs.bulk import Request
    from batchkit.runs.interrupts import Stopped
    from batchkit.runs.steps import Step
    from batchkit.runs.watch import Progress


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
    with (
        tempfile.TemporaryDirectory(prefix="batchkit-") as folder,
        interruptible(lambda: click.echo("stopping after the current call …", err=True)) as stopped,
    ):
        return _Session(bulk, choices, Path(folder), output, stopped).run()


@dataclass(frozen=True)
class _Session:
    """One command: what was chosen, where its files lie, whether it was interrupted."""

    bulk: Bulk
    choices: Choices
    folder: Path
    output: str
    stopped: Stopped

    def run(self) -> int:
        """The exit code."""
        choices, bulk = self.choices, self.bulk
        rehearses = choices.dry_run or choices.save is not None
        if choices.plan_file is not None:
            kept = bulk.kept(choices.plan_file)
            if rehearses:
                return self._rehearse(kept)
            return self._submit(bulk.adopt(kept.plan, kept.spool), choices.max_cost)
        request = choices.request(bulk, self.folder)
        if rehearses:
            return self._rehearse(bulk.rehearse(request, self.folder, self.stopped))
        if choices.canary is not None:
            return self._canary(request, choices.canary)
        return self._submit(self._prepared(request, "run"), choices.max_cost)

    def _prepared(self, request: Request, name: str, **options: Any) -> Prepared:
        folder = self.folder / name
        folder.mkdir()
        return self.bulk.prepare(request, folder, self.stopped, again=self.choices.again, **options)

    def _rehearse(self, prepared: Prepared) -> int:
        check_cost(prepared.plan, self.choices.max_cost)
        rehearsal = Rehearsal()
        execute(self.bulk.steps(prepared, self.choices.text), rehearsal)
        if self.choices.save is not None:
            self.bulk.keep(prepared, self.choices.save)
        if self.output == "json":
            print_json({"plan": prepared.plan.as_json(), "steps": rehearsal.taken})
            return 0
        print_plan(prepared.plan, self.output)
        click.echo("\nNothing was changed. Submitting it would:\n  " + "\n  ".join(rehearsal.taken))
        return 0

    def _canary(self, request: Request, share: float) -> int:
        most = self.choices.max_error_rate
        over = canary.is_over(self.bulk, request, share, most)
        first = self._prepared(canary.sample(request, share), "canary", over=over)
        model, budget = request.model, self.choices.max_cost
        if first.plan.arrays:
            self._carry_out(first, budget, wait=True)
            measured = canary.measure(self.bulk, first.plan)
            canary.check(measured, most)
            model = measured.model(model)
            budget = None if budget is None else budget - first.plan.cost.total
        else:
            click.echo("no source is in the canary: all are in one run", err=True)
        rest = self._prepared(canary.rest(request, share, model), "rest")
        if not rest.plan.arrays:
            self.bulk.release(first)
        return self._submit(rest, budget)

    def _submit(self, prepared: Prepared, budget: float | None) -> int:
        if not prepared.plan.arrays:
            self.bulk.release(prepared)
        last = self._carry_out(prepared, budget, wait=self.choices.wait)
        if self.output == "json":
            jobs = [job.job for job in self.bulk.ledger.jobs(prepared.plan.run)]
            facts = {"run": prepared.plan.run, "continued": prepared.continued, "jobs": jobs}
            print_json({**facts, "plan": prepared.plan.as_json(), "end": last.as_json() if last else None})
        return EX_DATAERR if last is not None and last.state is not RunState.SUCCEEDED else 0

    def _carry_out(self, prepared: Prepared, budget: float | None, *, wait: bool) -> Progress | None:
        """Print, ask, submit, and wait if so asked; the last look at the run."""
        plan = prepared.plan
        if self.output != "json":
            print_plan(plan, self.output)
        if not plan.arrays:
            return None
        if prepared.continued:
            click.echo(f"continuing {plan.run}, which the same command had begun", err=True)
        else:
            check_cost(plan, budget)
            self._ask(plan.run)
        self.bulk.submit(prepared, self.choices.text, self._report, self.stopped)
        click.echo(f"submitted {plan.run}; batchkit status {plan.run}", err=True)
        if not wait:
            return None
        return progress.show(watch(plan, self.bulk.ledger, self.bulk.queue, self.bulk.clock, self._sleep))

    def _ask(self, run: str) -> None:
        if not self.choices.yes and self.output != "json" and sys.stdin.isatty():
            click.confirm(f"Submit {run}?", abort=True)

    def _report(self, step: Step) -> None:
        click.echo(str(step), err=True)

    def _sleep(self, seconds: float) -> None:
        self.bulk.sleep(seconds)
        if self.stopped():
            raise click.Abort
