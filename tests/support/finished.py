"""A bulk run that has ended, with an error in it, and a Batch that remembers its children."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batchkit.completion import ending
from batchkit.completion.tally import tally
from batchkit.planning.records import ErrorGroup, Report, RunEnd, SlowItem
from batchkit.planning.states import Counts, RunState
from batchkit.runs.run_report import Gatherer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batchkit.runs.run_report.facts import Facts
    from support.operating import Past

KEY = 'in/<script>alert(1)</script>&amp;".txt'
MESSAGE = "bad <img src=x onerror=alert(1)> thing \x1b[31m" + " and a very long message" * 30
LOST = {"startedAt": 1_000, "stoppedAt": 2_000, "statusReason": "Host EC2 (instance i-1) terminated."}
GOOD = {"startedAt": 3_000, "stoppedAt": 4_000, "container": {"exitCode": 0}}


class Jobs:
    """A Batch that remembers every child: each ran twice, and the first time its host was taken away."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        for job in ids:
            self.asked.append(job)
            container = {"logStreamName": f"stream of {job}"}
            yield {"jobId": job, "attempts": [LOST, GOOD], "container": container}


class Forgetful(Jobs):
    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        return iter(())


@dataclass
class Finished:
    """A run of ten sources and five children, of which one met an error."""

    past: Past
    jobs: Jobs = field(default_factory=Jobs)

    def end(self, state: RunState = RunState.PARTIAL) -> None:
        past, started = self.past, self.past.plan.started
        past.ledger.take_turn(past.run, 0, "mine", None)
        past.ledger.add_job(past.run, 0, "job-0")
        for child in range(past.plan.children):
            bad = child == 2 and state is not RunState.SUCCEEDED
            errors = (ErrorGroup("ValueError", 1, KEY, MESSAGE),) if bad else ()
            counts = Counts(done=3, fresh=0 if bad else 1, failed=int(bad), bytes=10)
            slowest = (SlowItem(f"in/{child}.txt", "a", 100 * child),)
            times = (started + child, started + child + 60)
            report = Report(past.run, child, past.plan.children, 2, counts, errors, *times, slowest)
            past.ledger.record_report(report)
        sum_ = tally(past.ledger.children(past.run, past.plan.children), past.plan.shape)
        facts = (past.plan.sources, past.plan.recipe, "job-0", sum_.errors(), "s3://uploads/in/")
        end = RunEnd(past.run, "bulk", state, sum_.counts, *facts, started, started + 64)
        past.ledger.finish(end)
        ending.write(past.world.objects, past.world.artifacts, end, sum_)

    def facts(self) -> Facts:
        past = self.past
        return Gatherer(
            project="photos",
            artifacts=past.world.artifacts,
            objects=past.world.objects,
            ledger=past.ledger,
            jobs=self.jobs,
            tail=lambda group, stream, lines: [f"{group} {stream}", "<b>the last line</b>"],
        ).gather(past.run)
