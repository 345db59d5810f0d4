"""One command of the bulk lane, whoever gives it: prepare, say what it costs, ask, submit, follow.

What is said and asked, and how, is the `Face`'s. Ctrl-C finishes the current call while something is
planned or submitted, and ends the process at any other time.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.planning.states import RunState
from batchkit.runs.submit import check_cost
from batchkit.runs.watch import watch

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.planning.backfill import Plan
    from batchkit.runs.bulk import Bulk
    from batchkit.runs.interrupts import Stopped
    from batchkit.runs.requests import Prepared, Request
    from batchkit.runs.steps import Step
    from batchkit.runs.watch import Progress


class Face(Protocol):
    """Whoever gave the command."""

    def plan(self, plan: Plan) -> None:
        """Show what will be done."""
        ...

    def ask(self, run: str) -> None:
        """Raises whatever ends the command when the answer is no."""
        ...

    def step(self, step: Step) -> None:
        """Tell that a step begins."""
        ...

    def note(self, text: str) -> None:
        """Tell something in passing."""
        ...

    def follow(self, looks: Iterable[Progress]) -> Progress | None:
        """Show all looks at a run; the last one."""
        ...

    def interruptible(self) -> AbstractContextManager[Stopped]:
        """A block that Ctrl-C ends at its next look at the `Stopped`."""
        ...


@dataclass(frozen=True)
class Done:
    """A run that was submitted, its jobs, and the last look at it (None when nobody waited)."""

    prepared: Prepared
    jobs: tuple[str, ...] = ()
    end: Progress | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing is known to have gone wrong."""
        return self.end is None or self.end.state is RunState.SUCCEEDED

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--output json`."""
        return {
            "run": self.prepared.plan.run,
            "continued": self.prepared.continued,
            "jobs": list(self.jobs),
            "plan": self.prepared.plan.as_json(),
            "end": self.end.as_json() if self.end else None,
        }


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command: `max_cost` in USD; `again` asks for a new run in any case."""

    bulk: Bulk
    face: Face
    source: str
    max_cost: float | None = None
    wait: bool = False
    again: bool = False

    def prepare(self, request: Request, folder: Path, **options: Any) -> Prepared:
        """As `Bulk.prepare`; its files in `folder`, which is made."""
        folder.mkdir()
        with self.face.interruptible() as stopped:
            return self.bulk.prepare(request, folder, stopped, again=self.again, **options)

    def rehearse(self, request: Request, folder: Path) -> Prepared:
        """As `Bulk.rehearse`; its files in `folder`, which is made."""
        folder.mkdir()
        with self.face.interruptible() as stopped:
            return self.bulk.rehearse(request, folder, stopped)

    def carry_out(self, prepared: Prepared, *, besides: float = 0.0, wait: bool | None = None) -> Done:
        """Show, ask, submit, and follow the run if that was asked for.

        `besides` is what the same command costs elsewhere, USD. Raises DataError for a new run that would
        cost too much, Interrupted after Ctrl-C; KeyboardInterrupt where the run goes on without the command.
        """
        plan, waits = prepared.plan, self.wait if wait is None else wait
        self.face.plan(plan)
        if not plan.arrays:
            self.bulk.release(prepared)
            return Done(prepared)
        ended = self.bulk.has_ended(prepared)
        if prepared.continued:
            # A part that is waited for in any case, a canary, says nothing of what comes after the command.
            self._continuing(prepared, ended=ended, renewed=wait is None and not prepared.adopted)
        else:
            check_cost(plan, self.max_cost, besides=besides)
            self.face.ask(plan.run)
        waits = waits or ended
        with self.face.interruptible() as stopped:
            self.bulk.submit(prepared, self.source, self.face.step, stopped, waits=waits)
        self.face.note(f"submitted {plan.run}; batchkit status {plan.run}")
        jobs = tuple(job.job for job in self.bulk.ledger.jobs(plan.run))
        return Done(prepared, jobs, self._follow(prepared) if waits else None)

    def _continuing(self, prepared: Prepared, *, ended: bool, renewed: bool) -> None:
        """`renewed`: the command begins a new run when it is given once more."""
        run = prepared.plan.run
        if ended:
            hint = "; given once more, the command begins a new run" if renewed else ""
            self.face.note(f"{run}, which the same command had begun, has ended{hint}")
        else:
            self.face.note(f"continuing {run}, which the same command had begun")

    def _follow(self, prepared: Prepared) -> Progress | None:
        bulk, plan = self.bulk, prepared.plan
        try:
            last = self.face.follow(watch(plan, bulk.ledger, bulk.queue, bulk.clock, bulk.sleep))
        except KeyboardInterrupt:
            self.face.note(f"{plan.run} goes on without this command; batchkit status {plan.run} --watch")
            raise
        bulk.answered(prepared)
        return last
