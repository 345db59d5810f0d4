"""The log lines of a run's children: of those that failed, or of one that is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.planning.records import ChildFailure
from batchkit.runs.outcomes import known

if TYPE_CHECKING:
    from batchkit.aws.logs import Line
    from batchkit.aws.run_ledger import RunLedger

POLL_SECONDS = 2.0
ENDED = ("SUCCEEDED", "FAILED")


class Jobs(Protocol):
    """What this needs of Batch; `aws.queue.Queue` is one."""

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]: ...


class Stream(Protocol):
    """One log stream; `aws.logs.Stream` is one."""

    def lines(self) -> Iterator[Line]: ...


OpenStream = Callable[[str, str], Stream]


@dataclass(frozen=True)
class Said:
    """A line of a child's log; `time` in epoch milliseconds, `job` the child's id."""

    job: str
    time: int
    message: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class JobLogs:
    """The logs of one run. `open_stream` takes the names of a log group and of a stream in it."""

    def __init__(
        self, ledger: RunLedger, queue: Jobs, open_stream: OpenStream, project: str, run: str
    ) -> None:
        self._ledger = ledger
        self._queue = queue
        self._open = open_stream
        self._group = names.worker_logs(project)
        self._run = run
        self._record = known(ledger, run)

    def of_failed(self) -> Iterator[Said]:
        """All lines of the children that failed for good, of their last attempts."""
        for child in self._ledger.children(self._run, self._record.get("children", 1)):
            if "failure" in child:
                failure = ChildFailure(**child["failure"])
                if failure.log_stream:
                    yield from self._read(failure.job, self._open(self._group, failure.log_stream))

    def of_child(self, array: int, index: int) -> Iterator[Said]:
        """All lines so far of one child, attempt by attempt. Raises DataError for one that is not there."""
        job = self._child(array, index)
        for stream in _streams(job):
            yield from self._read(job["jobId"], self._open(self._group, stream))

    def follow(self, array: int, index: int, sleep: Callable[[float], None] = time.sleep) -> Iterator[Said]:
        """The lines of one child as they come, until it has ended."""
        streams: dict[str, Stream] = {}
        while True:
            job = self._child(array, index)
            for name in _streams(job):
                stream = streams.setdefault(name, self._open(self._group, name))
                yield from self._read(job["jobId"], stream)
            if job["status"] in ENDED:
                return
            sleep(POLL_SECONDS)

    def _read(self, job: str, stream: Stream) -> Iterator[Said]:
        return (Said(job, line.time, line.message) for line in stream.lines())

    def _child(self, array: int, index: int) -> dict[str, Any]:
        parent = self._parent(array)
        found = {job["jobId"]: job for job in self._queue.describe([parent, f"{parent}:{index}"])}
        plain = found.get(parent)
        if f"{parent}:{index}" in found:
            return found[f"{parent}:{index}"]
        if plain is not None and index == 0 and "size" not in plain.get("arrayProperties", {}):
            return plain
        raise DataError(
            f"the run '{self._run}' has no child {array}:{index} that Batch remembers",
            found=f"nothing of the id {parent}:{index}",
            expected="a child of the last seven days: number of the array, colon, index, such as 0:7",
            fix=f"older failed ones: batchkit logs {self._run} --failed",
        )

    def _parent(self, array: int) -> str:
        if self._record["lane"] == "upload":
            jobs = {0: self._record.get("job", "")}
        else:
            jobs = {job.number: job.job for job in self._ledger.jobs(self._run)}
        if not jobs.get(array):
            raise DataError(
                f"the run '{self._run}' has no array {array}",
                found=f"arrays {', '.join(map(str, sorted(jobs))) or 'none'}",
                expected="one of them",
            )
        return str(jobs[array])


def _streams(job: dict[str, Any]) -> list[str]:
    """The streams of a job's attempts, the current one last."""
    containers = [attempt.get("container", {}) for attempt in job.get("attempts", ())]
    containers.append(job.get("container", {}))
    found = [container["logStreamName"] for container in containers if container.get("logStreamName")]
    return list(dict.fromkeys(found))
