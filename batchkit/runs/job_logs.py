"""The log lines of a run's children: of those that failed, or of one that is asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.planning.arrays import arrays
from batchkit.planning.records import ChildFailure
from batchkit.runs.outcomes import known

if TYPE_CHECKING:
    from batchkit.aws.logs import Line
    from batchkit.aws.run_ledger import RunLedger

POLL_SECONDS = 2.0
# CloudWatch Logs shows lines some seconds after they were written. A child that ends by itself says so in its
# last line; of any other one this many seconds of silence are the end.
SILENCE_SECONDS = 10.0
LAST_LINE = "metrics"
TROUBLE = ("warning", "error")

# Streams read at the same time, and children of which they are if nobody says how many.
THREADS = 8
CHILDREN = 20

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

    @property
    def facts(self) -> Mapping[str, Any]:
        """The line as the worker wrote it; nothing of a line that is not the worker's."""
        try:
            found = json.loads(self.message)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

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

    def of_failed(self, limit: int = CHILDREN) -> Iterator[Said]:
        """What at most `limit` children said in which something failed, dead ones first.

        All lines of those that failed for good, of their last attempts; warnings and errors of those that
        recorded failed items. Batch remembers the latter's streams for a week.
        """
        with ThreadPoolExecutor(THREADS, "logs") as pool:
            for said in pool.map(self._of_trouble, islice(self._in_trouble(), limit)):
                yield from said

    def _in_trouble(self) -> Iterator[tuple[str, str, bool]]:
        """Job, log stream, and whether it died."""
        unlucky: list[int] = []
        for child in self._ledger.children(self._run, self._record.get("children", 1)):
            if "failure" in child:
                failure = ChildFailure(**child["failure"])
                if failure.log_stream:
                    yield failure.job, failure.log_stream, True
            elif child.get("counts", {}).get("failed"):
                unlucky.append(child["child"])
        for job in self._queue.describe(filter(None, map(self._job_of, sorted(unlucky)))):
            yield from ((job["jobId"], stream, False) for stream in _streams(job)[-1:])

    def _of_trouble(self, one: tuple[str, str, bool]) -> list[Said]:
        job, stream, died = one
        lines = self._read(job, self._open(self._group, stream))
        return [said for said in lines if died or said.facts.get("level") in TROUBLE]

    def _job_of(self, child: int) -> str | None:
        """The Batch id of the child that is number `child` of the run."""
        for number, array in enumerate(arrays(self._record.get("children", 1))):
            if array.first <= child < array.first + array.size:
                job = self._jobs.get(number)
                return job if not job or array.is_plain else f"{job}:{child - array.first}"
        return None

    def of_child(self, array: int, index: int) -> Iterator[Said]:
        """All lines so far of one child, attempt by attempt. Raises DataError for one that is not there."""
        job = self._child(array, index)
        for stream in _streams(job):
            yield from self._read(job["jobId"], self._open(self._group, stream))

    def follow(self, array: int, index: int, sleep: Callable[[float], None] = time.sleep) -> Iterator[Said]:
        """The lines of one child as they come, until it has ended and nothing comes any more."""
        streams: dict[str, Stream] = {}
        silent = 0.0
        while silent < SILENCE_SECONDS:
            job, said_last, heard = self._child(array, index), False, False
            for name in _streams(job):
                stream = streams.setdefault(name, self._open(self._group, name))
                for said in self._read(job["jobId"], stream):
                    yield said
                    said_last, heard = said.facts.get("message") == LAST_LINE, True
            ended = job["status"] in ENDED
            if ended and said_last:
                return
            silent = silent + POLL_SECONDS if ended and not heard else 0.0
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

    @cached_property
    def _jobs(self) -> Mapping[int, str]:
        """The run's jobs by their numbers."""
        if self._record["lane"] == "upload":
            return {0: self._record.get("job", "")}
        return {job.number: job.job for job in self._ledger.jobs(self._run)}

    def _parent(self, array: int) -> str:
        jobs = self._jobs
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
