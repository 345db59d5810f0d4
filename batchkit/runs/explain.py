"""Why a job is what it is: what Batch says of it, what that means, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.completion import submissions
from batchkit.completion.causes import cause
from batchkit.errors import DataError
from batchkit.planning.diagnoses import Diagnosis
from batchkit.planning.failures import diagnose
from batchkit.planning.waits import waiting

if TYPE_CHECKING:
    from batchkit.aws.ledger import Ledger
    from batchkit.planning.records import ChildFailure

MAX_CHILDREN = 10


class Jobs(Protocol):
    """What explaining needs of Batch; `aws.queue.Queue` is one."""

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]: ...


@dataclass(frozen=True)
class Explanation:
    """`job` as Batch describes it, and why. `failure_class` is "" unless it failed.

    `children` are failed children of an array, the first few, with why each of them failed.
    """

    job: str
    name: str
    run: str
    status: str
    status_reason: str
    reason: str
    exit_code: int | None
    attempts: int
    log_stream: str
    cause: str
    failure_class: str
    error_class: str
    fix: str
    children: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def explain(queue: Jobs, ledger: Ledger, job: str) -> Explanation:
    """Explain a job, a child (`<job>:<index>`) or a whole array. Raises DataError for an unknown one."""
    found = next(iter(queue.describe([job])), None)
    if found is None:
        raise DataError(
            f"AWS Batch knows no job '{job}'",
            found="nothing of this id",
            expected="the id of a job of the last seven days, such as 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed:7",
            fix="older children: batchkit results RUN --failed",
        )
    dead = _Dead.of(_failed_children(ledger, found) if _is_array(found) else ())
    why = _why(found, dead)
    return Explanation(
        job=job,
        name=found.get("jobName", ""),
        run=_run(found),
        status=found["status"],
        status_reason=_status_reason(found),
        reason=_of_container(found, "reason", ""),
        exit_code=_of_container(found, "exitCode", None),
        attempts=len(found.get("attempts", ())),
        log_stream=_of_container(found, "logStreamName", ""),
        cause=why.message,
        failure_class=why.failure_class.value if found["status"] == "FAILED" else "",
        error_class=why.error_class,
        fix=why.advice(_run(found)),
        children=dead.examples,
    )


@dataclass(frozen=True)
class _Dead:
    """The failed children of an array: what befell most of them, and a few of them."""

    most: Diagnosis | None
    examples: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, failures: Iterable[ChildFailure]) -> _Dead:
        """Memory: one diagnosis for each kind of failure, whatever their number."""
        number, first, examples = Counter[str](), dict[str, Diagnosis](), list[tuple[str, str]]()
        for failure in failures:
            why = cause(failure)
            number[why.error_class] += 1
            first.setdefault(why.error_class, why)
            if len(examples) < MAX_CHILDREN:
                examples.append((failure.job, why.message))
        most = [first[kind] for kind, _ in number.most_common(1)]
        return cls(most[0] if most else None, tuple(examples))


def _why(job: Mapping[str, Any], dead: _Dead) -> Diagnosis:
    """The most frequent cause of the failed children stands for their array."""
    status = job["status"]
    if status != "FAILED":
        return waiting(status, _status_reason(job))
    if dead.most is not None:
        return dead.most
    return diagnose(
        _of_container(job, "exitCode", None), _status_reason(job), _of_container(job, "reason", "")
    )


def _failed_children(ledger: Ledger, job: Mapping[str, Any]) -> Iterable[ChildFailure]:
    submission = submissions.parse(job.get("parameters", {}))
    if submission is None:
        return ()
    record, size = ledger.run(submission.run) or {}, job["arrayProperties"]["size"]
    # An upload's run is one array; a bulk run's number of children stands in its record.
    first, children = submission.first_child, record.get("children", size)
    return ledger.failures(submission.run, children, range(first, first + size))


def _run(job: Mapping[str, Any]) -> str:
    submission = submissions.parse(job.get("parameters", {}))
    return submission.run if submission else ""


def _is_array(job: Mapping[str, Any]) -> bool:
    properties = job.get("arrayProperties", {})
    return "size" in properties and "index" not in properties


def _status_reason(job: Mapping[str, Any]) -> str:
    last = _last_attempt(job)
    return str(job.get("statusReason") or last.get("statusReason") or "")


def _of_container(job: Mapping[str, Any], name: str, default: Any) -> Any:
    last = _last_attempt(job)
    return {**last.get("container", {}), **job.get("container", {})}.get(name, default)


def _last_attempt(job: Mapping[str, Any]) -> Mapping[str, Any]:
    attempts = job.get("attempts") or [{}]
    return dict(attempts[-1])
