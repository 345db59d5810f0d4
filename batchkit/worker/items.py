"""Ledger items as one child writes them: the run's facts once, the item's each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.aws.objects import Head
from batchkit.errors import BatchkitError, Rejected
from batchkit.planning.records import Item
from batchkit.planning.states import Outcome
from batchkit.worker.scrubbing import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from batchkit.planning.manifest import Source
    from batchkit.worker.assignment import Assignment
    from batchkit.worker.targets import Target

MAX_MESSAGE = 500


class JobRaised(Exception):
    """What a job raised in another process: the class and the text that its item gets, and the traceback."""

    def __init__(self, error_class: str, message: str, traceback: str = "") -> None:
        self.error_class = error_class
        self.message = message
        self.traceback = traceback
        super().__init__(f"{error_class}: {message}")


@dataclass(frozen=True)
class Items:
    """Makes the items of one child. `now` gives epoch seconds."""

    assignment: Assignment
    now: Callable[[], int]

    def good(
        self,
        target: Target,
        source: Head,
        *,
        outcome: Outcome,
        size: int,
        facts: Mapping[str, str | int | float],
        milliseconds: int = 0,
    ) -> Item:
        """An item whose output is up to date: just made, or found so."""
        return Item(
            bucket=source.bucket,
            key=source.key,
            task=target.task.name,
            outcome=outcome,
            run=self.assignment.run,
            order=self.assignment.order,
            modified=source.modified,
            etag=source.etag,
            digest=target.digest,
            output=target.key,
            bytes=size,
            attempt=self.assignment.attempt,
            milliseconds=milliseconds,
            facts=dict(facts),
            updated=self.now(),
        )

    def bad(self, source: Source | Head, task: str, error: BaseException) -> Item:
        """An item without an output: `rejected` for a Rejected, `failed` for anything else.

        A source that nobody could look at counts as modified when its event, or its run, happened.
        """
        error_class, message = describe(error)
        return Item(
            bucket=source.bucket,
            key=source.key,
            task=task,
            outcome=Outcome.REJECTED if isinstance(error, Rejected) else Outcome.FAILED,
            run=self.assignment.run,
            order=self.assignment.order,
            modified=source.modified if isinstance(source, Head) else self.assignment.time,
            etag=source.etag,
            attempt=self.assignment.attempt,
            error_class=error_class,
            message=message,
            updated=self.now(),
        )


def describe(error: BaseException) -> tuple[str, str]:
    """An error's class and its text: one line, without credentials, at most 500 characters."""
    if isinstance(error, Rejected | JobRaised):
        name, text = error.error_class, error.message
    elif isinstance(error, BatchkitError):
        name = type(error).__name__
        text = error.what if error.found is None else f"{error.what}: {error.found}"
    else:
        name, text = type(error).__name__, str(error)
    line = " ".join(text.split())
    visible = "".join(character if character.isprintable() else "?" for character in line)
    clean = scrub(visible)
    return name[:64], clean if len(clean) <= MAX_MESSAGE else clean[: MAX_MESSAGE - 1] + "…"
