"""Why things fail: one table from what Batch says to a cause, a class and a fix.

Six classes decide what helps: another source (`input`), another recipe or job (`recipe`), more memory
(`oom`), more time or smaller shards (`timeout`), a repaired project (`infrastructure`), or just again
(`spot`).
"""

from __future__ import annotations

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
    """A stable CamelCase word to group by, its class, a sentence for people, and what to do.

    `fix` says `{run}` where the run's id belongs: `advice` is for people.
    """

    error_class: str
    failure_class: FailureClass
    message: str
    fix: str

    def advice(self, run: str = "") -> str:
        """What to do about it in a run; RUN stands for one that nobody knows."""
        return self.fix.replace("{run}", run or "RUN")


_SPOT_FIX = "batchkit retry {run}: what is done stays done; smaller shards lose less to a reclaim"
_START_FIX = "look at the image's name, the execution role and the subnets' way to ECR, S3 and CloudWatch"
_MEMORY_FIX = "batchkit retry {run} --only oom gives the children more memory and smaller shards"
_INPUT_FIX = (
    "replace the source: its upload makes the outputs anew; or change the recipe, deploy, and"
    " batchkit retry {run} --only rejected"
)
_BUG_FIX = "batchkit logs {run} --failed shows the traceback; correct the job, then batchkit retry {run}"

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
            _MEMORY_FIX,
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
            "batchkit retry {run} does what is left",
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
            "batchkit retry {run} --only timeout makes smaller shards; or raise [compute] bulk_timeout",
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
        "batchkit logs {run} --failed names the call that was refused; deploy again if roles were edited",
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
    "batchkit retry {run} does what is left",
)
_CRASHED = Diagnosis("Crashed", FailureClass.RECIPE, "the worker died", _BUG_FIX)
NO_REPORT = Diagnosis(
    "NoReport",
    FailureClass.INFRASTRUCTURE,
    "a child ended without a report",
    "batchkit retry {run} does what is left",
)

# Errors that items tell of themselves, and that are not the job's fault.
_OF_ITEMS = (
    Diagnosis("MemoryError", FailureClass.OOM, "an item needed more memory than its child has", _MEMORY_FIX),
    Diagnosis(
        "SourceChanging",
        FailureClass.INPUT,
        "the source was overwritten again and again while it was processed",
        "batchkit retry {run} once nobody writes it any more",
    ),
    Diagnosis(
        "Throttled",
        FailureClass.INFRASTRUCTURE,
        "AWS kept answering with throttling or errors of its own",
        "batchkit retry {run}; if it comes back: a smaller [compute] max_vcpus asks for less at a time",
    ),
)
_ALL = [entry for _, entry in (*_BY_REASON, *_BY_STATUS_REASON)]
_ALL += [*_BY_EXIT_CODE.values(), _STOPPED, _CRASHED, NO_REPORT, *_OF_ITEMS]
_KNOWN = {entry.error_class: entry for entry in _ALL}


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


def remedy(error_class: str, *, rejected: bool = False) -> Diagnosis:
    """What an error of items means and what helps. What nothing else explains was raised by the job."""
    if rejected:
        return Diagnosis(error_class, FailureClass.INPUT, "the source is none that the job takes", _INPUT_FIX)
    raised = Diagnosis(error_class, FailureClass.RECIPE, "the job raised it", _BUG_FIX)
    return _KNOWN.get(error_class, raised)


def failure_class(error_class: str, *, rejected: bool = False) -> FailureClass:
    """The class of an item's error."""
    return remedy(error_class, rejected=rejected).failure_class


def _telling(entry: Diagnosis, message: str) -> Diagnosis:
    return Diagnosis(entry.error_class, entry.failure_class, message, entry.fix)


_WAITING = {
    "SUBMITTED": ("Batch has the job and has not looked at it yet", "wait"),
    "PENDING": ("children of the array are waiting or running", "wait; batchkit status {run}"),
    "RUNNABLE": (
        "the job waits for capacity",
        "wait; if it lasts: is there Spot capacity, do the subnets have a way out, does max_vcpus allow it?",
    ),
    "STARTING": ("the container is being started, its image pulled", "wait"),
    "RUNNING": ("the container is running", "batchkit logs {run} --child A:I --follow"),
    "SUCCEEDED": ("nothing failed; every item has an outcome in the ledger", "batchkit results {run}"),
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
