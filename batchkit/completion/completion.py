"""What Batch says of its jobs, into the ledger; the end of a run, onto the bus, once.

Events come at least once, late and in any order. So every step is a conditional write that may be
repeated, and a run's end is computed from what the ledger holds, never from the event that happened
to come last.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from batchkit.completion import recipes, submissions
from batchkit.completion.causes import cause
from batchkit.completion.finishing import Finisher, Run
from batchkit.completion.settling import Settler
from batchkit.planning.records import ArrayEnd, ChildFailure, Item, RunEnd
from batchkit.planning.states import Outcome, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from batchkit.aws.bus import Bus
    from batchkit.aws.ledger import Ledger
    from batchkit.aws.objects import Objects
    from batchkit.completion.changes import Change
    from batchkit.completion.submissions import Submission, Upload


class Completion:
    """Records the ends of one project's jobs."""

    def __init__(
        self,
        project: str,
        artifacts: str,
        ledger: Ledger,
        objects: Objects,
        bus: Bus,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._artifacts = artifacts
        self._ledger = ledger
        self._objects = objects
        self._finisher = Finisher(project, artifacts, ledger, objects, bus)
        self._settler = Settler(ledger, self._finisher, sleep)

    def record(self, change: Change) -> RunEnd | None:
        """Record the end of a job; the end of its run, when this call announced it.

        A job that batchkit did not submit is left alone. Raises DataError for a recipe that is gone, and
        Throttled while more and more becomes known of a run that has ended.
        """
        submission = submissions.parse(change.parameters)
        if submission is None:
            return None
        tasks = recipes.task_names(self._objects, self._artifacts, submission.recipe)
        failure = None
        if change.failed and not change.is_array:
            failure = self._record_failure(change, submission, tasks)
        upload = submission.upload
        run = Run(
            id=submission.run,
            lane=submission.lane,
            recipe=submission.recipe,
            shape=submission.shape(len(tasks)),
            source=upload.url if upload else "",
            key=upload.key if upload else "",
        )
        if change.is_child:
            return self._settle(change, submission, run, failure) if failure else None
        return self._finish(change, submission, run)

    def _record_failure(
        self, change: Change, submission: Submission, tasks: Sequence[str]
    ) -> ChildFailure | None:
        """Record what Batch says of a dead child; None where everything is done about it."""
        shape = submission.shape(len(tasks))
        failure = ChildFailure(
            run=submission.run,
            child=submission.first_child + (change.index or 0),
            children=shape.children,
            job=change.job,
            exit_code=change.exit_code,
            status_reason=change.status_reason,
            reason=change.reason,
            attempts=change.attempts,
            log_stream=change.log_stream,
            stopped=change.stopped,
            worked=change.worked,
        )
        is_news = self._ledger.record_failure(failure) or not self._ledger.heard(failure)
        if submission.upload is not None:
            unmade = [tasks[item % len(tasks)] for item in shape.shard(failure.child)]
            self._ledger.record_items(self._failed(submission.upload, failure, unmade))
        return failure if is_news else None

    def _failed(self, upload: Upload, failure: ChildFailure, tasks: Sequence[str]) -> Iterator[Item]:
        """The items of a child that died. They lose to whatever the child itself could still record."""
        head = self._objects.head(upload.bucket, upload.key)
        if head is not None and head.etag != upload.etag:
            # Overwritten meanwhile: the items now belong to the newer upload's run.
            return
        why = cause(failure)
        for task in tasks:
            yield Item(
                bucket=upload.bucket,
                key=upload.key,
                task=task,
                outcome=Outcome.FAILED,
                run=failure.run,
                order=upload.order,
                modified=head.modified if head else upload.time,
                etag=upload.etag,
                attempt=failure.attempts,
                error_class=why.error_class,
                message=why.message,
                updated=failure.stopped,
            )

    def _settle(
        self, change: Change, submission: Submission, run: Run, failure: ChildFailure
    ) -> RunEnd | None:
        """A child's failure says something new only of a run that has ended without it."""
        record = self._ledger.run(run.id) or {}
        if record.get("state", RunState.RUNNING) == RunState.RUNNING:
            return None
        told = self._settler.settle(run, change.job, lambda: self._ended(change, submission, record))
        self._ledger.hear(failure)
        return told

    def _finish(self, change: Change, submission: Submission, run: Run) -> RunEnd | None:
        ended = self._ended(change, submission, {})
        if submission.upload is None and sum(array.size for array in ended) < self._awaited(run):
            return None
        return self._finisher.finish(run, ended)

    def _awaited(self, run: Run) -> int:
        """Children that the run ends with: of one cancelled while it was being submitted, no more come.

        To be read when this array's end is recorded: whoever cancels writes this number first and reads the
        arrays then, so that one of the two sees what the other wrote.
        """
        record = self._ledger.run(run.id) or {}
        return int(record.get("awaited", run.shape.children))

    def _ended(
        self, change: Change, submission: Submission, record: Mapping[str, Any]
    ) -> tuple[ArrayEnd, ...]:
        """The run's array jobs that have ended, this one among them. An upload has only one.

        `record` is the run's; it says of an upload's only array what the end of a child does not.
        """
        if change.is_child:
            if submission.upload is None:
                return self._ledger.arrays(submission.run)
            return (_recorded(submission.run, record),)
        this = ArrayEnd(
            run=submission.run,
            first=submission.first_child,
            size=change.size or 1,
            job=change.job,
            started=change.started,
            stopped=change.stopped,
        )
        if submission.upload is not None:
            return (this,)
        self._ledger.record_array(this)
        return self._ledger.arrays(submission.run)


def _recorded(run: str, record: Mapping[str, Any]) -> ArrayEnd:
    """The end of an upload's only array, as the run's record has it."""
    return ArrayEnd(run, 0, 1, record["job"], record["started"], record["stopped"])
