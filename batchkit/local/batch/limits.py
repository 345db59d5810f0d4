"""Batch's limits, each with its source, and the checks that need nothing but the request.

"API" is the AWS Batch API reference, "guide" the AWS Batch User Guide's page "Service quotas". Texts of
errors are AWS's own where they are known from the field, plain ones otherwise.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from batchkit.local.batch.faults import client_exception, refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# API, ArrayProperties: "The array size can be between 2 and 10,000."
MIN_ARRAY_SIZE = 2
MAX_ARRAY_SIZE = 10_000
# API, SubmitJob: "A job can depend upon a maximum of 20 jobs."
MAX_DEPENDENCIES = 20
# Guide: maximum size of a SubmitJob payload.
MAX_JOB_BYTES = 30 * 1024
# ECS, RunTask: "A total of 8192 characters are allowed for overrides."
MAX_OVERRIDES = 8192
# API, SubmitJob.jobName.
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
# API, DescribeJobs: "A list of up to 100 job IDs."
MAX_DESCRIBED = 100
# API, CancelJobs and TerminateJobs: up to 50 jobs.
MAX_STOPPED = 50
# API, CancelJob.reason: "This parameter has a limit of 1024 characters."
MAX_STOP_REASON = 1024
# API, AttemptContainerDetail.reason: 255 characters at most.
MAX_REASON = 255
# API, JobTimeout: "The minimum value for the timeout is 60 seconds."
MIN_TIMEOUT_SECONDS = 60
# API, RetryStrategy: "You can specify between 1 and 10 attempts", "up to 5 objects".
MIN_ATTEMPTS = 1
MAX_ATTEMPTS = 10
MAX_EVALUATE_ON_EXIT = 5
# API, EvaluateOnExit: "The pattern can contain up to 512 characters."
MAX_EXIT_PATTERN = 512
# API, SubmitJob.tags and propagateTags: more than 50 on the task fail the job.
MAX_TAGS = 50
# API, ListJobs.maxResults: 1,000 with a status, 100 with filters.
MAX_LISTED = 1000
MAX_FILTERED = 100
# API, ContainerOverrides.environment: names that start so are Batch's own.
RESERVED_PREFIX = "AWS_BATCH"


def job_name(name: str) -> None:
    if not JOB_NAME.fullmatch(name):
        raise refused("Job name should match valid pattern")


def array_size(size: int | None) -> int | None:
    """The size of the array, None for a plain job."""
    if size is not None and not MIN_ARRAY_SIZE <= size <= MAX_ARRAY_SIZE:
        raise refused(f"Array size must be between {MIN_ARRAY_SIZE} and {MAX_ARRAY_SIZE}")
    return size


def job_size(request: Mapping[str, Any]) -> None:
    size = len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
    if size > MAX_JOB_BYTES:
        raise refused(f"Job size must be less than 30 KiB, got {-(-size // 1024)} KiB")


def dependency_count(count: int) -> None:
    if count > MAX_DEPENDENCIES:
        raise refused(f"Job cannot have more than {MAX_DEPENDENCIES} dependencies")


def attempts(count: int | None) -> int:
    """The number of attempts; 1 if nothing was said."""
    if count is None:
        return MIN_ATTEMPTS
    if not MIN_ATTEMPTS <= count <= MAX_ATTEMPTS:
        raise refused(f"Retry attempts must be between {MIN_ATTEMPTS} and {MAX_ATTEMPTS}")
    return count


def timeout(seconds: int | None) -> int | None:
    if seconds is not None and seconds < MIN_TIMEOUT_SECONDS:
        raise refused(f"Attempt duration timeout must be at least {MIN_TIMEOUT_SECONDS} seconds")
    return seconds


def environment(variables: Sequence[Mapping[str, str]]) -> None:
    for variable in variables:
        name = variable.get("name", "")
        if name.startswith(RESERVED_PREFIX):
            raise refused(f"Environment variable {name} must not start with {RESERVED_PREFIX}")


def command(arguments: Sequence[str]) -> None:
    if "" in arguments:
        raise refused("Container overrides command must not contain an empty string")


def tags(given: Mapping[str, str]) -> None:
    if len(given) > MAX_TAGS:
        raise refused(f"Job cannot have more than {MAX_TAGS} tags")


def described(count: int) -> None:
    if count > MAX_DESCRIBED:
        raise refused(f"Maximum number of jobs supported is  {MAX_DESCRIBED} .")


def stopped(count: int) -> None:
    if count > MAX_STOPPED:
        raise client_exception(f"jobs must have at most {MAX_STOPPED} entries, got {count}")


def stop_reason(reason: str) -> None:
    if not reason:
        raise client_exception("reason must not be empty")
    if len(reason) > MAX_STOP_REASON:
        raise client_exception(f"reason must be at most {MAX_STOP_REASON} characters, got {len(reason)}")


def page_size(wanted: int | None, most: int) -> int:
    """The number of results of one page: AWS caps a larger wish."""
    if wanted is not None and wanted < 1:
        raise client_exception(f"maxResults must be at least 1, got {wanted}")
    return min(wanted or most, most)
