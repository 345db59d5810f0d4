"""A job submitted once, although SubmitJob has no client token.

The job's name is a function of the run. So whoever does not know whether a job was made, looks for its
name before submitting it, and takes what is there for the job. And nobody submits it out of turn: see
`runs.turns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from batchkit.errors import BatchkitError, Throttled, Unanswered

if TYPE_CHECKING:
    from batchkit.aws.queue import BatchJob
    from batchkit.aws.run_ledger import RunJob
    from batchkit.runs.turns import Turns

Sleep = Callable[[float], None]

# Seconds before each look: AWS does not say how soon ListJobs shows a new job.
LOOKS = (0.0, 1.0, 3.0)

# And before further ones, while another process's call may be under way: together longer than a call can
# last, whose timeouts (`aws.clients`) are 10 s to connect and 60 s to read.
HELD_LOOKS = (5.0,) * 18

# Seconds between two attempts to submit: 31 in all, longer than most throttling lasts.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)


class Jobs(Protocol):
    """What submitting needs of Batch; `aws.queue.Queue` is one."""

    def submit(self, job: BatchJob) -> str: ...

    def find(self, queue: str, name: str) -> str | None: ...


def submit_once(jobs: Jobs, job: BatchJob, turns: Turns, sleep: Sleep) -> str:
    """The id of the one job of this name.

    Raises Throttled when Batch does not take it in the end; Unanswered when it may have taken it;
    Interrupted when it is for another process to go on.
    """
    mine, refused = set[str](), ""
    for wait in (*WAITS, None):
        before = turns.seen()
        # After a refusal of one's own, and nobody else's turn since, there is nothing to look for.
        if before is not None and before.turn != refused:
            found, before = look(jobs, job, turns, sleep, mine)
            if found:
                return found
        turn = turns.take(before)
        mine.add(turn)
        try:
            return jobs.submit(job)
        except Unanswered:
            # The turn stays open: nobody tries again before having looked for the job.
            if wait is None:
                raise
        except BatchkitError as error:
            turns.give_back(turn, before)
            if wait is None or not isinstance(error, Throttled):
                raise
            refused = turn
        sleep(wait)
    raise AssertionError("unreachable")


def look(
    jobs: Jobs, job: BatchJob, turns: Turns, sleep: Sleep, mine: set[str]
) -> tuple[str | None, RunJob | None]:
    """The id of the job of this name, if there is one; and the record, which was the same all the while.

    `mine` are attempts of this very process: their calls have ended.
    """
    before = turns.seen()
    looks = _looks(before, mine)
    while (wait := next(looks, None)) is not None:
        sleep(wait)
        seen = turns.seen()
        found = (seen.job if seen else "") or jobs.find(job.queue, job.name)
        if found:
            return found, seen
        if seen != before:
            before, looks = seen, _looks(seen, mine)
    return None, before


def _looks(before: RunJob | None, mine: set[str]) -> Iterator[float]:
    held = before is not None and before.busy and before.turn not in mine
    return chain(LOOKS, HELD_LOOKS if held else ())
