"""Why things fail: one table from what Batch says to a cause, a class and a fix.

Six classes decide what helps: another source (`input`), another recipe or job (`recipe`), more memory
(`oom`), more time or smaller shards (`timeout`), a repaired project (`infrastructure`), or just again
(`spot`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from batchkit import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

# How batchkit's own `cancel` signs, so that nobody takes it for a fault.
CANCELLED = "Cancelled by batchkit"


class FailureClass(StrEnum):
    """What kind of remedy a failure needs."""

    INPUT = "input"
    RECIPE = "recipe"
    OOM = "oom"
    TIMEOUT = "timeout"
    INFRASTRUCTURE = "infrastructure"
    SPOT = "spot"


@dataclass(frozen=True)
class Diagnosis:
    """A stable CamelCase word to group by, its class, a sentence for people, and what to do."""

    error_class: str
    failure_class: FailureClass
    message: str
    fix: str


_SPOT_FIX = "batchkit retry RUN: what is done stays done; smaller shards lose less to a reclaim"
_START_FIX = "look at the image's name, the execution role and the subnets' way to ECR, S3 and CloudWatch"
_BUG_FIX = "batchkit logs RUN --failed shows the traceback; correct the job, then batchkit retry RUN"

_NOT_STARTED = Diagnosis("NotStarted", FailureClass.INFRASTRUCTURE, "the container did not start", _START_FIX)
_NO_IMAGE = Diagnosis(
    "NotStarted",
    FailureClass.INFRASTRUCTURE,
    "the image could not be pulled",
    f"on this machine: make it with `batchkit image build`; on AWS: {_START_FIX}",
)

_BY_REASON = (
    (
        "OutOfMemoryError",
        Diagnosis(
            "OutOfMemory",
            FailureClass.OOM,
            "the container needed more memory than the job has",
            "batchkit retry RUN --only oom gives the children more memory and smaller shards",
        ),
    ),
    # The status reason beside these is only `Task failed to start`.
    ("CannotPull", _NO_IMAGE),
    ("ResourceInitializationError", _NOT_STARTED),
    ("CannotStartContainer", _NOT_STARTED),
    ("CannotCreateContainer", _NOT_STARTED),
)

# The texts of AWS Batch and ECS (AWS Batch User Guide, "Automated job retries"; ECS Developer Guide,
# "Stopped task error codes"). A timeout and a reclaim share exit code 137 with a lack of memory.
_BY_STATUS_REASON = (
    (
        CANCELLED,
        Diagnosis(
            "Cancelled",
            FailureClass.INFRASTRUCTURE,
            "the run was cancelled",
            "batchkit retry RUN does what is left",
        ),
    ),
    (
        "Host EC2",
        Diagnosis("HostLost", FailureClass.SPOT, "the EC2 host went away, in every attempt", _SPOT_FIX),
    ),
    (
        "Your Spot Task was interrupted",
        Diagnosis(
            "SpotInterrupted",
            FailureClass.SPOT,
            "Fargate Spot was reclaimed, in every attempt",
            _SPOT_FIX,
        ),
    ),
    (
        "Job attempt duration exceeded timeout",
        Diagnosis(
            "Timeout",
            FailureClass.TIMEOUT,
            "the child took longer than its timeout",
            "batchkit retry RUN --only timeout makes smaller shards; or raise [compute] bulk_timeout",
        ),
    ),
    ("Task failed to start", _NOT_STARTED),
    ("CannotPull", _NO_IMAGE),
    ("ResourceInitializationError", _NOT_STARTED),
    (
        "Canceled by JobStateTimeLimit",
        Diagnosis(
            "NotPlaced",
            FailureClass.INFRASTRUCTURE,
            "no compute environment could take the job",
            "compare [compute] vcpus and memory with max_vcpus and with what the compute type offers",
        ),
    ),
    (
        "MISCONFIGURATION",
        Diagnosis(
            "NotPlaced",
            FailureClass.INFRASTRUCTURE,
            "the queue is blocked by a job that no compute environment can take",
            "compare [compute] vcpus and memory with max_vcpus and with what the compute type offers",
        ),
    ),
    (
        "Dependent Job failed",
        Diagnosis(
            "DependencyFailed",
            FailureClass.INFRASTRUCTURE,
            "a job that this one waited for failed",
            "batchkit explain JOB with the id of the job that it depends on",
        ),
    ),
)

_BY_EXIT_CODE = {
    errors.EX_DATAERR: Diagnosis(
        "BadData",
        FailureClass.RECIPE,
        "the manifest or the recipe cannot be read",
        "deploy if the recipe is gone; else submit the run again",
    ),
    errors.EX_SOFTWARE: Diagnosis("InternalError", FailureClass.RECIPE, "the worker failed", _BUG_FIX),
    errors.EX_TEMPFAIL: Diagnosis(
        "Interrupted",
        FailureClass.SPOT,
        "the child was interrupted or throttled, in every attempt",
        _SPOT_FIX,
    ),
    errors.EX_NOPERM: Diagnosis(
        "PermissionDenied",
        FailureClass.INFRASTRUCTURE,
        "the job role lacks a permission",
        "batchkit logs RUN --failed names the call that was refused; deploy again if roles were edited",
    ),
    errors.EX_CONFIG: Diagnosis(
        "ConfigError",
        FailureClass.INFRASTRUCTURE,
        "the job is not configured as the worker expects",
        "deploy again: job definition and image do not fit",
    ),
}

_STOPPED = Diagnosis(
    "Stopped",
    FailureClass.INFRASTRUCTURE,
    "the child was stopped",
    "batchkit retry RUN does what is left",
)
_CRASHED = Diagnosis("Crashed", FailureClass.RECIPE, "the worker died", _BUG_FIX)
NO_REPORT = Diagnosis(
    "NoReport",
    FailureClass.INFRASTRUCTURE,
    "a child ended without a report",
    "batchkit retry RUN does what is left",
)

# Error classes of items that say by themselves that nothing is wrong with job and recipe.
_OF_ITEMS = {
    "MemoryError": FailureClass.OOM,
    "SourceChanging": FailureClass.INPUT,
    "Throttled": FailureClass.INFRASTRUCTURE,
}
_ALL = [entry for _, entry in (*_BY_REASON, *_BY_STATUS_REASON)]
_ALL += [*_BY_EXIT_CODE.values(), _STOPPED, _CRASHED, NO_REPORT]
_KNOWN = {**{entry.error_class: entry.failure_class for entry in _ALL}, **_OF_ITEMS}


def diagnose(exit_code: int | None, status_reason: str, reason: str) -> Diagnosis:
    """Why a child failed: the container's reason, then Batch's, then the exit code (None: none ran)."""
    for text, table in ((reason, _BY_REASON), (status_reason, _BY_STATUS_REASON)):
        for start, entry in table:
            if text.startswith(start):
                return _telling(entry, f"{entry.message} ({text})")
    if exit_code is None:
        return _telling(_STOPPED, status_reason or _STOPPED.message)
    entry = _BY_EXIT_CODE.get(exit_code, _CRASHED)
    return _telling(entry, f"{entry.message} (exit code {exit_code})")


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
    for where, table in (("container's reason", _BY_REASON), ("status reason", _BY_STATUS_REASON)):
        for start, entry in table:
            yield Known(where, start, is_beginning=True, diagnosis=entry)
    for code, entry in _BY_EXIT_CODE.items():
        yield Known("exit code", str(code), is_beginning=False, diagnosis=entry)
    yield Known("exit code", "", is_beginning=False, diagnosis=_CRASHED)
    yield Known("no exit code", "", is_beginning=False, diagnosis=_STOPPED)


def failure_class(error_class: str, *, rejected: bool = False) -> FailureClass:
    """The class of an item's error. What nothing else explains was raised by the job: `recipe`."""
    if rejected:
        return FailureClass.INPUT
    return _KNOWN.get(error_class, FailureClass.RECIPE)


# What differs between two occurrences of one error, in this order: addresses, quoted words, paths,
# long hexadecimal numbers, numbers.
_VARYING = (
    (re.compile(r"\b\w+://\S+"), "<url>"),
    (re.compile(r"'[^']*'|\"[^\"]*\""), "<text>"),
    (re.compile(r"\S*/\S*"), "<path>"),
    (re.compile(r"\b(?:0x)?[0-9a-fA-F]*\d[0-9a-fA-F]{7,}\b"), "<n>"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "<n>"),
)
MAX_FINGERPRINT = 200


def fingerprint(error_class: str, message: str) -> str:
    """The same text for all occurrences of an error: its class, and its message without what varies."""
    text = message[: 5 * MAX_FINGERPRINT]
    for pattern, stand_in in _VARYING:
        text = pattern.sub(stand_in, text)
    return f"{error_class}: {' '.join(text.split())}"[:MAX_FINGERPRINT]


def _telling(entry: Diagnosis, message: str) -> Diagnosis:
    return Diagnosis(entry.error_class, entry.failure_class, message, entry.fix)


_WAITING = {
    "SUBMITTED": ("Batch has the job and has not looked at it yet", "wait"),
    "PENDING": ("children of the array are waiting or running", "batchkit status RUN --watch"),
    "RUNNABLE": (
        "the job waits for capacity",
        "wait; if it lasts: is there Spot capacity, do the subnets have a way out, does max_vcpus allow it?",
    ),
    "STARTING": ("the container is being started, its image pulled", "wait"),
    "RUNNING": ("the container is running", "batchkit logs RUN --child A:I --follow"),
    "SUCCEEDED": ("nothing failed; every item has an outcome in the ledger", "batchkit results RUN"),
}


def known_waits() -> Iterator[tuple[str, Diagnosis]]:
    """What each status of a job that did not fail means."""
    for status in _WAITING:
        yield status, waiting(status, "")


def waiting(status: str, status_reason: str) -> Diagnosis:
    """Why a job that did not fail is where it is."""
    for start, entry in _BY_STATUS_REASON:
        if status_reason.startswith(start):
            return _telling(entry, f"{entry.message} ({status_reason})")
    message, fix = _WAITING.get(status, ("batchkit does not know this status", "look at AWS Batch's console"))
    return Diagnosis("", FailureClass.INFRASTRUCTURE, message, fix)
