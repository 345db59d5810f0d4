"""What a job is: plain data, no behaviour beyond reading itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Status(StrEnum):
    """The states of a job, in order (AWS Batch User Guide, "Job states")."""

    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        return self in (Status.SUCCEEDED, Status.FAILED)

    @property
    def is_waiting(self) -> bool:
        """Whether no attempt is under way or over for good: CancelJob still works."""
        return self in (Status.SUBMITTED, Status.PENDING, Status.RUNNABLE)


# The texts by which people and `evaluateOnExit` classify ends. Seen in third-party logs and code, where the
# service promises nothing.
CONTAINER_EXITED = "Essential container in task exited"
START_FAILED = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
ARRAY_CHILD_FAILED = "Array Child Job failed"
DEPENDENT_FAILED = "Dependent Job failed"


def host_terminated(instance: str) -> str:
    """The status reason of an attempt whose EC2 instance `instance` (`i-…`) went away."""
    return f"Host EC2 (instance {instance}) terminated."


# The same of an attempt whose Fargate Spot capacity was taken back.
SPOT_INTERRUPTED = "Your Spot Task was interrupted."

# Members of ContainerProperties that only jobs on Fargate have.
_FARGATE_MEMBERS = ("networkConfiguration", "fargatePlatformConfiguration")


def is_fargate(container: Mapping[str, Any]) -> bool:
    """Whether a job with these ContainerProperties (or this ContainerDetail) is for Fargate, not EC2."""
    return any(container.get(member) for member in _FARGATE_MEMBERS)


@dataclass(frozen=True)
class Rule:
    """One entry of `evaluateOnExit`; a condition that is None is not asked for."""

    retry: bool
    on_status_reason: str | None = None
    on_reason: str | None = None
    on_exit_code: str | None = None


@dataclass(frozen=True)
class Retry:
    """At most `attempts` tries in all; `rules`, first match first, say whether a failed one is repeated."""

    attempts: int = 1
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Resources:
    """What one attempt occupies: vCPUs and MiB of memory."""

    vcpus: float
    memory: int


@dataclass(frozen=True)
class Dependency:
    """One entry of `dependsOn`: `kind` is None, `N_TO_N`, or `SEQUENTIAL` (then there is no job id)."""

    job_id: str | None
    kind: str | None = None


@dataclass(frozen=True)
class Spec:
    """What all children of one SubmitJob call share: the request merged with its job definition.

    `container` is the merged ContainerDetail (wire-shaped, `Ref::` not yet replaced); `timeout` is in
    seconds; `retry_strategy` is the wire form of `retry`.
    """

    name: str
    queue_arn: str
    queue_name: str
    definition_arn: str
    definition_name: str
    parameters: Mapping[str, str]
    container: Mapping[str, Any]
    resources: Resources
    retry: Retry
    retry_strategy: Mapping[str, Any]
    timeout: int | None
    depends_on: tuple[Dependency, ...]
    tags: Mapping[str, str]
    definition_tags: Mapping[str, str]
    propagate_tags: bool
    platform_capabilities: tuple[str, ...]
    share_identifier: str | None = None
    scheduling_priority: int | None = None


@dataclass(frozen=True)
class Attempt:
    """A finished try. Times in epoch milliseconds; `started_at` is None when it never ran."""

    task_arn: str
    log_stream: str | None
    started_at: int | None
    stopped_at: int
    status_reason: str
    exit_code: int | None = None
    reason: str | None = None


@dataclass
class Run:
    """The try that is under way. `verdict` is why it is being stopped, once it is."""

    task_id: str
    task_arn: str
    environment_name: str
    log_stream: str
    started_at: int | None = None
    verdict: str | None = None


@dataclass(slots=True, eq=False)
class Job:
    """A plain job or an array's child (`index` and `parent` are set). Times in epoch milliseconds."""

    id: str
    spec: Spec
    created_at: int
    number: int
    index: int | None = None
    parent: ArrayJob | None = None
    status: Status = Status.SUBMITTED
    status_reason: str | None = None
    started_at: int | None = None
    stopped_at: int | None = None
    attempts: tuple[Attempt, ...] = ()
    run: Run | None = None
    cancelled: bool = False
    terminated: bool = False
    stop_reason: str | None = None


@dataclass(slots=True, eq=False)
class ArrayJob:
    """The parent of `size` children. A child that nobody has touched yet has no object, only a count.

    `number` orders submissions. `counts` are the children by state, those without an object included.
    `admitted` tells that the jobs it depends on have succeeded; `failing` why its children had no chance.
    """

    id: str
    spec: Spec
    created_at: int
    number: int
    size: int
    children: list[Job | None] = field(default_factory=list)
    counts: dict[Status, int] = field(default_factory=dict)
    counted_at: int = 0
    status: Status = Status.SUBMITTED
    status_reason: str | None = None
    started_at: int | None = None
    stopped_at: int | None = None
    admitted: bool = False
    failing: str | None = None
    cancelled: bool = False
    terminated: bool = False
    stop_reason: str | None = None

    def __post_init__(self) -> None:
        self.children = [None] * self.size
        self.counts = dict.fromkeys(Status, 0)
        self.counts[self.untouched] = self.size
        self.counted_at = self.created_at

    @property
    def untouched(self) -> Status:
        """The state of a child without an object: waiting for other jobs, or for the scheduler."""
        return Status.PENDING if self.spec.depends_on else Status.SUBMITTED

    def child_status(self, index: int) -> Status:
        """The state of a child, of one without an object too."""
        child = self.children[index]
        return self.untouched if child is None else child.status

    @property
    def finished(self) -> int:
        """How many children are final."""
        return self.counts[Status.SUCCEEDED] + self.counts[Status.FAILED]


AnyJob = Job | ArrayJob
