"""Why things fail: from what Batch, a container or an item says to its diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.planning.diagnoses import (
    BUG_FIX,
    BY_ERROR_CLASS,
    BY_EXIT_CODE,
    BY_REASON,
    BY_STATUS_REASON,
    CRASHED,
    INPUT_FIX,
    STOPPED,
    Diagnosis,
    FailureClass,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def diagnose(exit_code: int | None, status_reason: str, reason: str) -> Diagnosis:
    """Why a child failed: the container's reason, then Batch's, then the exit code (None: none ran)."""
    for text, table in ((reason, BY_REASON), (status_reason, BY_STATUS_REASON)):
        for start, entry in table:
            if text.startswith(start):
                return entry.telling(f"{entry.message} ({text})")
    if exit_code is None:
        return STOPPED.telling(status_reason or STOPPED.message)
    entry = BY_EXIT_CODE.get(exit_code, CRASHED)
    return entry.telling(f"{entry.message} (exit code {exit_code})")


@dataclass(frozen=True)
class Known:
    """A line of what `diagnose` knows: where Batch says `text`, whether more may follow it, what it means.

    An empty text stands for whatever no other line of its place says.
    """

    where: str
    text: str
    is_beginning: bool
    diagnosis: Diagnosis


def known() -> Iterator[Known]:
    """All that `diagnose` knows, in its order."""
    for where, table in (("container's reason", BY_REASON), ("status reason", BY_STATUS_REASON)):
        for start, entry in table:
            yield Known(where, start, is_beginning=True, diagnosis=entry)
    for code, entry in BY_EXIT_CODE.items():
        yield Known("exit code", str(code), is_beginning=False, diagnosis=entry)
    yield Known("exit code", "", is_beginning=False, diagnosis=CRASHED)
    yield Known("no exit code", "", is_beginning=False, diagnosis=STOPPED)


def remedy(error_class: str, *, rejected: bool = False) -> Diagnosis:
    """What an error of items means and what helps. What nothing else explains was raised by the job."""
    if rejected:
        return Diagnosis(error_class, FailureClass.INPUT, "the source is none that the job takes", INPUT_FIX)
    raised = Diagnosis(error_class, FailureClass.RECIPE, "the job raised it", BUG_FIX)
    return BY_ERROR_CLASS.get(error_class, raised)


def failure_class(error_class: str, *, rejected: bool = False) -> FailureClass:
    """The class of an item's error."""
    return remedy(error_class, rejected=rejected).failure_class
