"""Batch Job State Change events into types. Raw dictionaries end here.

AWS publishes no sample of an array's events, and fields come and go: whatever is missing or of
another kind counts as absent, whatever is unknown is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from batchkit.completion.reading import epoch_seconds, integer, items, mapping, text

DETAIL_TYPE = "Batch Job State Change"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"

T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """A job that has ended: a whole array (`size`), one of its children (`index`), or a plain job (neither).

    `worked` are the seconds of each attempt that started. Times in epoch seconds, 0 where unknown;
    `exit_code` is None where no container ran.
    """

    job: str
    status: str
    parameters: Mapping[str, str]
    size: int | None = None
    index: int | None = None
    exit_code: int | None = None
    status_reason: str = ""
    reason: str = ""
    attempts: int = 0
    log_stream: str = ""
    started: int = 0
    stopped: int = 0
    worked: tuple[int, ...] = ()

    @property
    def is_child(self) -> bool:
        return self.index is not None

    @property
    def is_array(self) -> bool:
        return self.size is not None

    @property
    def failed(self) -> bool:
        return self.status == FAILED


def parse(event: Mapping[str, Any]) -> Change | None:
    """The end of a job, or None for any other event."""
    detail = mapping(event, "detail")
    job, status = text(detail, "jobId"), text(detail, "status")
    if event.get("detail-type") != DETAIL_TYPE or not job or status not in (SUCCEEDED, FAILED):
        return None
    array, last = mapping(detail, "arrayProperties"), _last_attempt(detail)
    index = integer(array, "index")
    stopped = _seconds(detail, "stoppedAt") or epoch_seconds(text(event, "time"))
    return Change(
        job=job,
        status=status,
        parameters=_texts(mapping(detail, "parameters")),
        size=integer(array, "size") if index is None else None,
        index=index,
        exit_code=_of_container(detail, last, "exitCode", integer),
        status_reason=text(detail, "statusReason") or text(last, "statusReason"),
        reason=_of_container(detail, last, "reason", text),
        attempts=len(items(detail, "attempts")),
        log_stream=_of_container(detail, last, "logStreamName", text),
        started=_seconds(detail, "createdAt") or stopped,
        stopped=stopped,
        worked=tuple(_worked(detail)),
    )


def _of_container(
    detail: Mapping[str, Any], last: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any], str], T]
) -> T:
    """From the job's container, which shows the last attempt, or from the attempt itself."""
    return read({**mapping(last, "container"), **mapping(detail, "container")}, name)


def _last_attempt(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    attempts = items(detail, "attempts")
    return attempts[-1] if attempts and isinstance(attempts[-1], Mapping) else {}


def _worked(detail: Mapping[str, Any]) -> Iterator[int]:
    """Rounded up, as it is billed; what never started is no attempt that costs anything."""
    for attempt in items(detail, "attempts"):
        if isinstance(attempt, Mapping):
            started, stopped = integer(attempt, "startedAt"), integer(attempt, "stoppedAt")
            if started and stopped and stopped >= started:
                yield -(-(stopped - started) // 1000)


def _texts(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: value for name, value in data.items() if isinstance(value, str)}


def _seconds(data: Mapping[str, Any], name: str) -> int:
    return (integer(data, name) or 0) // 1000
