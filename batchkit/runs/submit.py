"""Submitting a plan: a loop over its steps. A dry run is the same loop with another `Executor`.

Every step can be taken twice and changes nothing the second time, so an interrupted submission is
continued by taking all steps again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from batchkit.aws.objects import url
from batchkit.errors import DataError
from batchkit.planning.cost import usd
from batchkit.runs import adopt
from batchkit.runs.adopt import Sleep, submit_once
from batchkit.runs.cancel import said
from batchkit.runs.interrupts import check, never
from batchkit.runs.steps import Executor, Finish, Record, Step, Store, Submit, Upload
from batchkit.runs.turns import Guard, Turns

if TYPE_CHECKING:
    from batchkit.aws.objects import Objects
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan
    from batchkit.runs.interrupts import Stopped

Report = Callable[[Step], None]


class Jobs(adopt.Jobs, Protocol):
    """What submitting needs of Batch; `aws.queue.Queue` is one."""

    def terminate(self, job: str, reason: str) -> None: ...


class Uploader(Protocol):
    """What streams a file into a bucket: `(bucket, key, chunks, content_type)`."""

    def __call__(self, bucket: str, key: str, chunks: Iterable[bytes], *, content_type: str) -> object: ...


CHUNK_BYTES = 1 << 20


def _nobody_else() -> None:
    """The guard where nobody else can go on with the run."""


@dataclass(frozen=True, kw_only=True)
class AwsExecutor:
    """Takes steps on AWS, or on what answers at the clients' endpoint.

    `guard` raises when this process is no longer the one to go on (see `runs.intents`); it is asked
    before whatever cannot be taken back, and at the end.
    """

    artifacts: str
    objects: Objects
    uploader: Uploader
    ledger: RunLedger
    jobs: Jobs
    sleep: Sleep = time.sleep
    guard: Guard = _nobody_else
    stopped: Stopped = never
    clock: Callable[[], float] = time.time

    def upload(self, step: Upload) -> None:
        self.uploader(self.artifacts, step.key, self._chunks(step), content_type=step.content_type)

    def store(self, step: Store) -> None:
        self.guard()
        stored = self.objects.put(
            self.artifacts, step.key, step.body, "application/json", only_if_absent=True
        )
        if not stored:
            self._check_same(step)

    def record(self, step: Record) -> None:
        self.guard()
        self.ledger.begin(step.plan, step.source)

    def submit(self, step: Submit) -> None:
        known = self.ledger.job(step.run, step.number)
        if known is not None and known.job:
            return
        turns = Turns(self.ledger, step.run, step.number, self.guard, self.clock)
        made = submit_once(self.jobs, step.at(self.ledger.begun(step.run)), turns, self.sleep)
        self.ledger.add_job(step.run, step.number, made)
        self._end_if_cancelled(step, made)

    def finish(self, step: Finish) -> None:
        # A run that was cancelled during its last SubmitJob must not count as submitted.
        self.guard()
        self.ledger.submitted(step.run)

    def _end_if_cancelled(self, step: Submit, job: str) -> None:
        """Whoever cancelled the run during the call could not see the job that it made."""
        record = self.ledger.run(step.run) or {}
        if "cancelled" in record:
            self.ledger.awaits(step.run, step.stop)
            self.jobs.terminate(job, said(record.get("cancel_reason", "")))
            self.guard()

    def _chunks(self, step: Upload) -> Iterator[bytes]:
        with step.path.open("rb") as file:
            for chunk in iter(partial(file.read, CHUNK_BYTES), b""):
                check(self.stopped, f"all is done before: {step}")
                yield chunk
        # An upload takes minutes: whoever repeated the command meanwhile has begun a run of its own.
        self.guard()

    def _check_same(self, step: Store) -> None:
        """What is there may be this process's own first try, whose answer got lost."""
        found = self.objects.get(self.artifacts, step.key)
        if found is None or found.body != step.body:
            raise DataError(
                f"{url(self.artifacts, step.key)} is not what this command would store",
                found="another content" if found else "no object any more",
                expected="the same content, or none",
                fix="repeat the command: it goes on with what is stored",
            )


class Rehearsal:
    """Takes no step: the executor of a dry run. `taken` is what would have been done."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def upload(self, step: Upload) -> None:
        self.taken.append(str(step))

    def store(self, step: Store) -> None:
        self.taken.append(str(step))

    def record(self, step: Record) -> None:
        self.taken.append(str(step))

    def submit(self, step: Submit) -> None:
        self.taken.append(str(step))

    def finish(self, step: Finish) -> None:
        self.taken.append(str(step))


def execute(
    steps: Iterable[Step],
    executor: Executor,
    report: Report = lambda step: None,
    stopped: Stopped = never,
) -> None:
    """Take all steps, telling `report` of each before it begins. Raises Interrupted between two of them."""
    for step in steps:
        check(stopped, f"all is done before: {step}")
        report(step)
        step.take(executor)


def check_cost(plan: Plan, most: float | None, *, besides: float = 0.0) -> None:
    """Raises DataError when a plan costs more than `most` USD, with what the same command costs `besides`."""
    total = plan.cost.total + besides
    if most is not None and total > most:
        raise DataError(
            "the command would cost too much",
            found=f"{usd(total)} USD, estimated" + (f", {usd(besides)} of it the canary" if besides else ""),
            expected=f"at most {usd(most)} USD (--max-cost)",
            fix="raise --max-cost, or choose fewer sources (--limit, --sample, --changed-only)",
        )
