"""Local Batch's face: operations of the Batch API, parameters and answers in their wire shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from batchkit.local.batch import limits, listing, overview, submission
from batchkit.local.batch.clock import Clock, SystemClock
from batchkit.local.batch.describe import Describer
from batchkit.local.batch.events import Events
from batchkit.local.batch.faults import BatchFault, client_exception
from batchkit.local.batch.listing import Listing
from batchkit.local.batch.outbox import Emit, Outbox
from batchkit.local.batch.scheduler import Scheduler
from batchkit.local.batch.validation import Requests, service_model
from batchkit.local.trace import Observer, ignore

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.local.batch.control import Control
    from batchkit.local.batch.executor import Executor
    from batchkit.local.batch.logs import LogSink
    from batchkit.local.batch.model import Resources

# AWS Batch User Guide, "Job timeouts": SIGTERM, and SIGKILL 30 seconds later.
STOP_GRACE_SECONDS = 30.0

Answer = dict[str, Any]


class LocalBatch:
    """The data plane of AWS Batch for one account and region. Thread-safe; `close` it."""

    OPERATIONS = frozenset(
        {
            "SubmitJob",
            "DescribeJobs",
            "ListJobs",
            "CancelJob",
            "TerminateJob",
            "CancelJobs",
            "TerminateJobs",
        }
    )

    def __init__(
        self,
        *,
        account: str,
        region: str,
        control: Control,
        executor: Executor,
        log: LogSink,
        emit: Emit,
        observe: Observer = ignore,
        host: Resources | None = None,
        grace: float = STOP_GRACE_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        """`emit` gets every EventBridge envelope, in order, from one thread.

        `host` caps what runs at once over all compute environments, `grace` is the seconds between SIGTERM
        and SIGKILL. The executor belongs to this object from here on and is closed with it.
        """
        self._control = control
        self._requests = Requests(service_model())
        self._describer = Describer(account, region)
        self._scheduler = Scheduler(
            executor=executor,
            clock=clock or SystemClock(),
            describer=self._describer,
            events=Events(account, region, self._describer),
            outbox=Outbox(emit, observe),
            log=log,
            host=host,
            grace=grace,
        )
        self._listing = Listing(self._scheduler.jobs, self._describer)
        self._handlers: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "SubmitJob": self._submit_job,
            "DescribeJobs": self._describe_jobs,
            "ListJobs": self._list_jobs,
            "CancelJob": lambda request: self._stop_job(request, self._scheduler.cancel),
            "TerminateJob": lambda request: self._stop_job(request, self._scheduler.terminate),
            "CancelJobs": lambda request: self._stop_jobs(request, self._scheduler.cancel),
            "TerminateJobs": lambda request: self._stop_jobs(request, self._scheduler.terminate),
        }

    def handle(self, operation: str, parameters: dict[str, Any]) -> Answer:
        """Answer one request. Raises BatchFault for everything that Batch would refuse."""
        handler = self._handlers.get(operation)
        if handler is None:
            raise BatchFault("InvalidAction", f"local Batch does not answer {operation}")
        self._requests.check(operation, parameters)
        return handler(parameters)

    def settled(self, timeout: float) -> bool:
        """Wait until every job is final and every event was told; False after `timeout` seconds."""
        return self._scheduler.settled(timeout)

    def glance(self, newest: int) -> dict[str, Any]:
        """The queues with their room, and the `newest` jobs, arrays in one row each."""
        with self._scheduler.lock:
            return {
                "queues": overview.queues(self._scheduler.lines),
                "jobs": overview.jobs(self._scheduler.jobs, newest),
            }

    def children(self, array_id: str, most: int) -> list[dict[str, Any]]:
        """At most `most` children of an array that have begun or ended, failed ones first."""
        with self._scheduler.lock:
            return overview.children(self._scheduler.jobs, array_id, most)

    def streams(self, job_id: str) -> tuple[str, list[str]] | None:
        """Where the output of a job's attempts is: log group and streams; None when there is no such job."""
        with self._scheduler.lock:
            return overview.streams(self._scheduler.jobs, job_id)

    def wake(self) -> None:
        """Look at the clock again (for clocks that are moved by hand)."""
        self._scheduler.wake()

    def close(self) -> None:
        """Kill every task, tell the news that is left, end every thread. A second call does nothing."""
        self._scheduler.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _submit_job(self, request: dict[str, Any]) -> Answer:
        submission.check(request)
        size = limits.array_size(request.get("arrayProperties", {}).get("size"))
        definition = self._control.definition(request["jobDefinition"])
        queue = self._control.queue(request["jobQueue"])
        job = self._scheduler.submit(
            queue,
            size,
            request.get("dependsOn", []),
            lambda depends_on: submission.spec(request, definition, queue, depends_on),
        )
        return {"jobArn": self._describer.job_arn(job.id), "jobName": job.spec.name, "jobId": job.id}

    def _describe_jobs(self, request: dict[str, Any]) -> Answer:
        limits.described(len(request["jobs"]))
        with self._scheduler.lock:
            found = [self._scheduler.jobs.find(job_id) for job_id in dict.fromkeys(request["jobs"])]
            return {"jobs": [self._describer.detail(job) for job in found if job is not None]}

    def _list_jobs(self, request: dict[str, Any]) -> Answer:
        by_queue = listing.scope(request) == "jobQueue"
        queue_arn = self._control.queue(request["jobQueue"]).arn if by_queue else None
        with self._scheduler.lock:
            return self._listing.answer(request, queue_arn)

    def _stop_job(self, request: dict[str, Any], stop: Callable[[str, str], bool]) -> Answer:
        limits.stop_reason(request["reason"])
        if not request["jobId"]:
            raise client_exception("jobId must not be empty")
        # A job that does not exist (any more) is not an error: its record may have expired.
        stop(request["jobId"], request["reason"])
        return {}

    def _stop_jobs(self, request: dict[str, Any], stop: Callable[[str, str], bool]) -> Answer:
        limits.stop_reason(request["reason"])
        limits.stopped(len(request["jobs"]))
        answer: Answer = {"successful": [], "errors": []}
        for job_id in request["jobs"]:
            if job_id:
                # "Jobs that can't be found are treated as successfully processed."
                stop(job_id, request["reason"])
                answer["successful"].append(job_id)
            else:
                problem = {
                    "job": job_id,
                    "code": "ValidationException",
                    "message": "a job id must not be empty",
                }
                answer["errors"].append(problem)
        return answer
