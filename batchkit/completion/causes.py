"""Why a child failed, in one word to group by and one sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit import errors

if TYPE_CHECKING:
    from batchkit.planning.records import ChildFailure

_BY_REASON = (("OutOfMemoryError", "OutOfMemory", "the container needed more memory than the job has"),)

# The texts of AWS Batch and ECS (AWS Batch User Guide, "Automated job retries"; ECS Developer Guide,
# "Stopped task error codes"). A timeout and a reclaim share exit code 137 with a lack of memory.
_BY_STATUS_REASON = (
    ("Host EC2", "HostLost", "the EC2 host went away, in every attempt"),
    ("Your Spot Task was interrupted", "SpotInterrupted", "Fargate Spot was reclaimed, in every attempt"),
    ("Job attempt duration exceeded timeout", "Timeout", "the child took longer than its timeout"),
    ("Task failed to start", "NotStarted", "the container did not start"),
    ("CannotPull", "NotStarted", "the image could not be pulled"),
    ("ResourceInitializationError", "NotStarted", "the container did not start"),
    ("Canceled by JobStateTimeLimit", "NotPlaced", "no compute environment could take the job"),
    ("Dependent Job failed", "DependencyFailed", "a job that this one waited for failed"),
)

_BY_EXIT_CODE = {
    errors.EX_DATAERR: ("BadData", "the manifest or the recipe cannot be read"),
    errors.EX_SOFTWARE: ("InternalError", "the worker failed"),
    errors.EX_TEMPFAIL: ("Interrupted", "the child was interrupted or throttled, in every attempt"),
    errors.EX_NOPERM: ("PermissionDenied", "the job role lacks a permission"),
    errors.EX_CONFIG: ("ConfigError", "the job is not configured as the worker expects"),
}


@dataclass(frozen=True)
class Cause:
    """A stable CamelCase word, and a sentence."""

    error_class: str
    message: str


def cause(failure: ChildFailure) -> Cause:
    """What made a child fail for good."""
    for text, table in ((failure.reason, _BY_REASON), (failure.status_reason, _BY_STATUS_REASON)):
        for start, word, sentence in table:
            if text.startswith(start):
                return Cause(word, f"{sentence} ({text})")
    if failure.exit_code is None:
        return Cause("Stopped", failure.status_reason or "the child was stopped")
    word, sentence = _BY_EXIT_CODE.get(failure.exit_code, ("Crashed", "the worker died"))
    return Cause(word, f"{sentence} (exit code {failure.exit_code})")
