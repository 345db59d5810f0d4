"""ListJobs: which jobs, in which order, page by page."""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from batchkit.local.batch import limits
from batchkit.local.batch.faults import client_exception
from batchkit.local.batch.model import AnyJob, ArrayJob, Status

if TYPE_CHECKING:
    from batchkit.local.batch.describe import Describer
    from batchkit.local.batch.jobs import JobStore

_SCOPES = ("jobQueue", "arrayJobId", "multiNodeJobId")

# A row's place in the order of a listing, and how to render it.
Row = tuple[int, Callable[[], dict[str, Any]]]


class Listing:
    """Answers ListJobs from a store whose lock the caller holds."""

    def __init__(self, jobs: JobStore, describer: Describer) -> None:
        self._jobs = jobs
        self._describer = describer

    def answer(self, request: Mapping[str, Any], queue_arn: str | None) -> dict[str, Any]:
        """`queue_arn` is the queue that the request names, None if it asks for an array's children."""
        filters = request.get("filters") or []
        if len(filters) > 1:
            raise client_exception(f"only one filter can be used at a time, got {len(filters)}")
        status = Status(request.get("jobStatus", Status.RUNNING))
        most = limits.MAX_FILTERED if filters else limits.MAX_LISTED
        size = limits.page_size(request.get("maxResults"), most)
        if queue_arn is None:
            # "The filter doesn't apply to child jobs in an array."
            rows = self._children(request["arrayJobId"], status)
        else:
            jobs = (job for job in self._jobs.newest_first() if job.spec.queue_arn == queue_arn)
            rows = self._rows(_selected(jobs, filters, request.get("jobStatus"), status))
        return _page(rows, size, request.get("nextToken"))

    def _rows(self, jobs: Iterable[AnyJob]) -> Iterator[Row]:
        for job in jobs:
            # Newest first: a place only ever grows, also when jobs arrive between two pages.
            yield -job.number, functools.partial(self._describer.summary, job)

    def _children(self, array_id: str, status: Status) -> Iterator[Row]:
        array = self._jobs.find(array_id)
        if not isinstance(array, ArrayJob):
            raise client_exception(f"there is no array job {array_id}")
        return self._rows_of(array, status)

    def _rows_of(self, array: ArrayJob, status: Status) -> Iterator[Row]:
        for index, child in enumerate(array.children):
            if child is None and status is array.untouched:
                yield index, functools.partial(self._describer.untouched_child, array, index)
            elif child is not None and child.status is status:
                yield index, functools.partial(self._describer.summary, child)


def scope(request: Mapping[str, Any]) -> str:
    """The one member of the request that says whose jobs to list."""
    given = [member for member in _SCOPES if request.get(member)]
    if len(given) != 1:
        found = ", ".join(given) or "none"
        raise client_exception(f"exactly one of {', '.join(_SCOPES)} must be given, got {found}")
    if given[0] == "multiNodeJobId":
        raise client_exception("multi-node parallel jobs are not supported here")
    return given[0]


def _selected(
    jobs: Iterator[AnyJob], filters: list[dict[str, Any]], asked: str | None, status: Status
) -> Iterator[AnyJob]:
    if not filters:
        return (job for job in jobs if job.status is status)
    name, values = filters[0].get("name", ""), filters[0].get("values") or []
    make = _FILTERS.get(name)
    if make is None or len(values) != 1:
        raise client_exception(
            f"a filter needs one value and a name of {', '.join(_FILTERS)}, got {name!r} with {values}"
        )
    matches = make(values[0])
    # "jobStatus is ignored with the exception that SHARE_IDENTIFIER and jobStatus can be used together."
    any_status = asked is None or name != "SHARE_IDENTIFIER"
    return (job for job in jobs if matches(job) and (any_status or job.status is status))


def _by_name(value: str) -> Callable[[AnyJob], bool]:
    wanted = value.lower()
    if wanted.endswith("*"):
        return lambda job: job.spec.name.lower().startswith(wanted[:-1])
    return lambda job: job.spec.name.lower() == wanted


def _by_definition(value: str) -> Callable[[AnyJob], bool]:
    if value.startswith("arn:"):
        return lambda job: job.spec.definition_arn == value
    if value.endswith("*"):
        return lambda job: job.spec.definition_name.startswith(value[:-1])
    return lambda job: job.spec.definition_name == value


def _created_before(value: str) -> Callable[[AnyJob], bool]:
    moment = _epoch_milliseconds(value)
    return lambda job: job.created_at < moment


def _created_after(value: str) -> Callable[[AnyJob], bool]:
    moment = _epoch_milliseconds(value)
    return lambda job: job.created_at > moment


def _by_share(value: str) -> Callable[[AnyJob], bool]:
    return lambda job: job.spec.share_identifier == value


_FILTERS: Mapping[str, Callable[[str], Callable[[AnyJob], bool]]] = {
    "JOB_NAME": _by_name,
    "JOB_DEFINITION": _by_definition,
    "BEFORE_CREATED_AT": _created_before,
    "AFTER_CREATED_AT": _created_after,
    "SHARE_IDENTIFIER": _by_share,
}


def _epoch_milliseconds(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 18):
        raise client_exception(f"a time is a string of milliseconds since 1970, got {value!r}")
    return int(value)


def _page(rows: Iterator[Row], size: int, token: str | None) -> dict[str, Any]:
    after = _place(token) if token is not None else None
    summaries: list[dict[str, Any]] = []
    last = 0
    for place, render in rows:
        if after is not None and place <= after:
            continue
        if len(summaries) == size:
            return {"jobSummaryList": summaries, "nextToken": _token(last)}
        summaries.append(render())
        last = place
    return {"jobSummaryList": summaries}


def _token(place: int) -> str:
    return base64.urlsafe_b64encode(f"after:{place}".encode()).decode()


def _place(token: str) -> int:
    try:
        word, _, place = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word == "after":
            return int(place)
    except (binascii.Error, ValueError):
        word = ""
    raise client_exception("nextToken is not one that ListJobs gave")
