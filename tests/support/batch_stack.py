"""A LocalBatch with everything around it replaced by plain objects."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

import botocore.validate

from batchkit.local.batch.control import Environment, Queue, environment
from batchkit.local.batch.executor import Executor, Exit, Task, Watcher
from batchkit.local.batch.faults import client_exception
from batchkit.local.batch.logs import MemoryLog
from batchkit.local.batch.service import LocalBatch
from batchkit.local.batch.validation import service_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batchkit.local.trace import Trace

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ARN = f"arn:aws:batch:{REGION}:{ACCOUNT}"
SECONDS = 300.0


class FixedControl:
    """Job definitions and queues out of two dictionaries."""

    def __init__(self, max_vcpus: float = 4) -> None:
        self.environments: dict[str, Environment] = {}
        self.queues: dict[str, Queue] = {}
        self.definitions: dict[str, dict[str, Any]] = {}
        self.add_environment("spot", max_vcpus)
        self.add_queue("bulk")
        self.define("worker")

    def add_environment(self, name: str, max_vcpus: float, *, enabled: bool = True) -> None:
        arn = f"{ARN}:compute-environment/{name}"
        self.environments[name] = environment(arn, name, max_vcpus, enabled=enabled)

    def add_queue(
        self, name: str, priority: int = 1, environments: tuple[str, ...] = ("spot",), **more: Any
    ) -> None:
        ordered = tuple(self.environments[each] for each in environments)
        self.queues[name] = Queue(f"{ARN}:job-queue/{name}", name, priority, ordered, **more)

    def define(self, name: str, **members: Any) -> None:
        container = {
            "image": "worker",
            "command": [],
            "environment": [],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1024"}],
            **members.pop("container", {}),
        }
        self.definitions[name] = {
            "jobDefinitionName": name,
            "jobDefinitionArn": f"{ARN}:job-definition/{name}:1",
            "revision": 1,
            "type": "container",
            "parameters": {},
            "containerProperties": container,
            **members,
        }

    def definition(self, ref: str) -> dict[str, Any]:
        if ref not in self.definitions:
            raise client_exception(f"JobDefinition name {ref} does not exist or is not in ACTIVE status")
        return self.definitions[ref]

    def queue(self, ref: str) -> Queue:
        if ref not in self.queues:
            raise client_exception(f"JobQueue {ref} not found.")
        return self.queues[ref]


class ScriptedExecutor:
    """Tasks that end as `script` says, at once, or when the test says so (`script` answers None)."""

    def __init__(self, script: Callable[[Task], Exit | None] = lambda task: Exit(0)) -> None:
        self._script = script
        self._lock = threading.Condition()
        self._watcher: Watcher | None = None
        self.started: list[Task] = []
        self._told: list[Task] = []
        self.stopped: list[tuple[str, float]] = []
        self.running: dict[str, Task] = {}
        self.most_vcpus = 0.0
        self.closed = False

    @property
    def watcher(self) -> Watcher:
        assert self._watcher is not None
        return self._watcher

    def attach(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def start(self, task: Task) -> None:
        with self._lock:
            self.started.append(task)
            self.running[task.id] = task
            self.most_vcpus = max(
                self.most_vcpus, sum(each.resources.vcpus for each in self.running.values())
            )
            self._lock.notify_all()
        self.watcher.running(task.id)
        with self._lock:
            self._told.append(task)
            self._lock.notify_all()
        end = self._script(task)
        if end is not None:
            self.end(task, end)

    def stop(self, task_id: str, grace: float) -> None:
        with self._lock:
            self.stopped.append((task_id, grace))
            self._lock.notify_all()

    def end(self, task: Task, end: Exit) -> None:
        with self._lock:
            del self.running[task.id]
        self.watcher.finished(task.id, end)

    def close(self) -> None:
        self.closed = True

    def task_of(self, job_id: str, attempt: int = 1) -> Task:
        """Wait until local Batch knows that the attempt runs."""

        def find() -> Task | None:
            wanted = job_id, attempt
            return next((each for each in self._told if (each.job_id, each.attempt) == wanted), None)

        with self._lock:
            assert self._lock.wait_for(find, SECONDS), f"{job_id} never started attempt {attempt}"
            found = find()
            assert found is not None
            return found

    def wait_stopped(self, task: Task) -> float:
        """Wait until the task was asked to stop; its grace in seconds."""
        with self._lock:
            assert self._lock.wait_for(lambda: task.id in dict(self.stopped), SECONDS)
            return dict(self.stopped)[task.id]


class HandClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def now(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        condition.wait()


class Stack:
    """One LocalBatch, what it told the world, and short ways to ask it."""

    def __init__(
        self,
        executor: Executor,
        control: FixedControl | None = None,
        emit: Callable[[dict[str, Any]], None] | None = None,
        **options: Any,
    ) -> None:
        self.control = control or FixedControl()
        self.events: list[dict[str, Any]] = []
        self.traces: list[Trace] = []
        self.log = MemoryLog()
        self.batch = LocalBatch(
            account=ACCOUNT,
            region=REGION,
            control=self.control,
            executor=executor,
            log=self.log,
            emit=emit or self.events.append,
            observe=self.traces.append,
            **options,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.batch.close()

    def submit(self, size: int | None = None, **members: Any) -> str:
        """Submit `worker` to `bulk`; the job's id."""
        request = {"jobName": "job", "jobQueue": "bulk", "jobDefinition": "worker", **members}
        if size is not None:
            request["arrayProperties"] = {"size": size}
        job_id: str = self.call("SubmitJob", **request)["jobId"]
        return job_id

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One request, whose answer is checked against the service model."""
        answer = self.batch.handle(operation, parameters)
        check_answer(operation, answer)
        return answer

    def describe(self, job_id: str) -> dict[str, Any]:
        (job,) = self.call("DescribeJobs", jobs=[job_id])["jobs"]
        return dict(job)

    def settle(self) -> None:
        assert self.batch.settled(SECONDS), "some jobs never came to an end"

    def end_of(self, job_id: str) -> tuple[str, str | None]:
        """Status and status reason of a job, once everything has ended."""
        self.settle()
        job = self.describe(job_id)
        return job["status"], job.get("statusReason")

    def texts(self, job_id: str, attempt: int = 0) -> list[str]:
        """The log lines of one attempt of a finished job."""
        stream = self.describe(job_id)["attempts"][attempt]["container"]["logStreamName"]
        return self.log.texts("/aws/batch/job", stream)

    def states(self, job_id: str) -> list[str]:
        """The states that the job's events told, in order."""
        return [each["detail"]["status"] for each in self.state_changes(job_id)]

    def state_changes(self, job_id: str) -> Iterator[dict[str, Any]]:
        for event in self.events:
            if event["detail-type"] == "Batch Job State Change" and event["detail"]["jobId"] == job_id:
                yield event


_MODEL = service_model()


def check_answer(operation: str, answer: dict[str, Any]) -> None:
    """The answer has no member, type or gap that botocore's output shape does not know."""
    shape = _MODEL.operation_model(operation).output_shape
    if not shape.members:
        assert answer == {}
        return
    _check(answer, shape)


def check_detail(detail: dict[str, Any]) -> None:
    """The same for a JobDetail out of an event."""
    _check({"jobs": [detail]}, _MODEL.operation_model("DescribeJobs").output_shape)


def _check(answer: dict[str, Any], shape: Any) -> None:
    report = botocore.validate.ParamValidator().validate(answer, shape)
    problems = report.generate_report().splitlines()
    # The model calls startedAt required; AWS leaves it out until a job has started.
    wrong = [
        each for each in problems if "Missing required parameter" not in each or '"startedAt"' not in each
    ]
    assert not wrong, wrong
