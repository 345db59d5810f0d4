"""What is known of failures: what Batch or an item says, and the cause, class and fix that it stands for.

Six classes decide what helps: another source (`input`), another recipe or job (`recipe`), more memory
(`oom`), more time or smaller shards (`timeout`), a repaired project (`infrastructure`), or just again
(`spot`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from batchkit import errors

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

    def telling(self, message: str) -> Diagnosis:
        """The same with another sentence."""
        return replace(self, message=message)

    def advice(self, run: str = "") -> str:
        """What to do about it in a run; RUN stands for one that nobody knows."""
        return self.fix.replace("{run}", run or "RUN")


_SPOT_FIX = "batchkit retry {run}: what is done stays done; smaller shards lose less to a reclaim"
_START_FIX = "look at the image's name, the execution role and the subnets' way to ECR, S3 and CloudWatch"
_MEMORY_FIX = "batchkit retry {run} --only oom gives the children more memory and smaller shards"
INPUT_FIX = (
    "replace the source: its upload makes the outputs anew; or change the recipe, deploy, and"
    " batchkit retry {run} --only rejected"
)
BUG_FIX = "batchkit logs {run} --failed shows the traceback; correct the job, then batchkit retry {run}"

_NOT_STARTED = Diagnosis("NotStarted", FailureClass.INFRASTRUCTURE, "the container did not start", _START_FIX)
_NO_IMAGE = Diagnosis(
    "NotStarted",
    FailureClass.INFRASTRUCTURE,
    "the image could not be pulled",
    f"on this machine: make it with `batchkit image build`; on AWS: {_START_FIX}",
)

# By the beginning of the container's reason.
BY_REASON = (
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
BY_STATUS_REASON = (
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

BY_EXIT_CODE = {
    errors.EX_DATAERR: Diagnosis(
        "BadData",
        FailureClass.RECIPE,
        "the manifest or the recipe cannot be read",
        "deploy if the recipe is gone; else submit the run again",
    ),
    errors.EX_SOFTWARE: Diagnosis("InternalError", FailureClass.RECIPE, "the worker failed", BUG_FIX),
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

STOPPED = Diagnosis(
    "Stopped",
    FailureClass.INFRASTRUCTURE,
    "the child was stopped",
    "batchkit retry {run} does what is left",
)
CRASHED = Diagnosis("Crashed", FailureClass.RECIPE, "the worker died", BUG_FIX)
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
_ALL = [entry for _, entry in (*BY_REASON, *BY_STATUS_REASON)]
_ALL += [*BY_EXIT_CODE.values(), STOPPED, CRASHED, NO_REPORT, *_OF_ITEMS]
BY_ERROR_CLASS = {entry.error_class: entry for entry in _ALL}
