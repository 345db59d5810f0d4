"""Taking a project away: what is done, as data, and the loop that does it.

First what starts jobs, then the jobs, then what runs them, then what holds data: the reverse of deploying.
Data stays unless its deletion is asked for; what stays is told, with what it costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from batchkit.aws.holdings import HOLDERS, KEY_DAYS, Content, bucket_owner
from batchkit.aws.queues import Queues
from batchkit.deploy.operation import failed, new_token
from batchkit.deploy.template import Template
from batchkit.deploy.tools import PROJECT_TAG
from batchkit.errors import PermissionDenied, Throttled
from batchkit.planning.prices import PRICES

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.aws.stacks import StackState
    from batchkit.deploy.steps import Plan
    from batchkit.deploy.tools import Tools

BUCKET = "AWS::S3::Bucket"
JOB_QUEUE = "AWS::Batch::JobQueue"
KEY = "AWS::KMS::Key"
KEY_OUTPUT = "KmsKeyArn"
REASON = "batchkit destroy: the project is taken away"

# Children get 30 s after SIGTERM (AWS Batch User Guide, "Job timeouts"), instances may take minutes to tell.
DRAIN_SECONDS = 5.0
DRAIN_LOOKS = 240

GB = 1000**3


@dataclass(frozen=True)
class Drain:
    """Let a job queue take nothing more, end its jobs, and wait until they have ended."""

    queue: str

    def __str__(self) -> str:
        return f"end the jobs of {self.queue.rsplit('/', 1)[-1]}"


@dataclass(frozen=True)
class DeleteStack:
    """Delete a stack; what it retains stays."""

    name: str
    id: str

    def __str__(self) -> str:
        return f"delete the stack {self.name}"


@dataclass(frozen=True)
class DeleteData:
    """Empty and delete something that outlives its stack."""

    kind: str
    name: str

    def __str__(self) -> str:
        if self.kind == KEY:
            return f"schedule the deletion of the key {self.name}, in {KEY_DAYS} days"
        return f"delete {self.kind} {self.name} and all that it holds"


Step = Drain | DeleteStack | DeleteData
Report = Callable[[str], None]


@dataclass(frozen=True)
class Remaining:
    """What is still there: what it holds, and USD a month, None where nobody can say."""

    kind: str
    name: str
    holds: str
    monthly: float | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_destroy(
    stacks: Iterable[StackState], queues: Mapping[str, Iterable[str]], data: Iterable[DeleteData]
) -> tuple[Step, ...]:
    """All steps. `stacks` are in the order in which they were deployed, `queues` the job queues of each."""
    steps: list[Step] = []
    for stack in reversed(list(stacks)):
        steps += [Drain(queue) for queue in queues.get(stack.name, ())]
        steps.append(DeleteStack(stack.name, stack.id))
    return (*steps, *data)


def job_queues(tools: Tools, stacks: Iterable[StackState]) -> dict[str, list[str]]:
    """The ARNs of the job queues of each stack."""
    return {stack.name: list(tools.stacks.resources(stack.id, JOB_QUEUE).values()) for stack in stacks}


def holdings(steps: Plan, pseudo: Mapping[str, str]) -> tuple[DeleteData, ...]:
    """Everything that the project's templates retain under a name of their own, there or not."""
    found = []
    for step in steps.steps:
        template = getattr(step, "template", None)
        if template is not None:
            resources = Template(template, step.texts, pseudo).resources.values()  # type: ignore[union-attr]
            found += [
                DeleteData(one.kind, str(one.properties[HOLDERS[one.kind][1]]))
                for one in resources
                if one.is_retained and one.kind in HOLDERS and HOLDERS[one.kind][1] in one.properties
            ]
    return tuple(found)


def own_key(tools: Tools, stacks: Iterable[StackState]) -> tuple[DeleteData, ...]:
    """The key that the project's stacks made, if they did: a key that was given is not theirs.

    To be asked before the stacks go: nothing else tells its ARN.
    """
    return tuple(
        DeleteData(KEY, stack.outputs[KEY_OUTPUT])
        for stack in stacks
        if KEY_OUTPUT in stack.outputs and tools.stacks.resources(stack.id, KEY)
    )


class Destroyer:
    """Takes the steps."""

    def __init__(
        self,
        clients: Clients,
        tools: Tools,
        report: Report,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clients = clients
        self._tools = tools
        self._report = report
        self._sleep = sleep
        self._queues = Queues(clients.batch)

    def take(self, step: Step) -> None:
        """Raises ConfigError with the first cause when a stack stays, Throttled when jobs do."""
        if isinstance(step, Drain):
            self._drain(step.queue)
        elif isinstance(step, DeleteStack):
            self._delete_stack(step)
        else:
            HOLDERS[step.kind][0](self._clients).delete(step.name, self._report)

    def _delete_stack(self, step: DeleteStack) -> None:
        tools = self._tools
        state = tools.stacks.state(step.id)
        if state is not None and state.is_moving:
            state = tools.watch.until_still(state)
        if state is None:
            return
        tools.stacks.delete(step.id, token := new_token())
        left = tools.watch.until_done(step.id, token)
        if left is not None:
            raise failed(tools.stacks, left)

    def _drain(self, queue: str) -> None:
        if not self._queues.close(queue):
            return
        for look in range(DRAIN_LOOKS):
            alive = list(self._queues.alive(queue))
            if not alive:
                return
            if look == 0:
                self._report(f"ending {len(alive)} jobs of {queue.rsplit('/', 1)[-1]}")
            for job in alive:
                self._queues.terminate(job, REASON)
            self._sleep(DRAIN_SECONDS)
        raise Throttled(
            f"jobs of {queue} do not end",
            found=f"some are alive after {DRAIN_LOOKS * DRAIN_SECONDS / 60:.0f} minutes",
            fix="batchkit explain JOB; then repeat the command",
        )


def is_ours(clients: Clients, project: str, data: DeleteData) -> bool:
    """Whether the project made it. A bucket's name says nothing, its tag does; other names begin with the
    project's."""
    if data.kind != BUCKET:
        return True
    try:
        return bucket_owner(clients, data.name, PROJECT_TAG) == project
    except PermissionDenied:
        return False


def remaining(clients: Clients, data: Iterable[DeleteData]) -> list[Remaining]:
    """What of it is there."""
    found = []
    for one in data:
        content = HOLDERS[one.kind][0](clients).content(one.name)
        if content is not None:
            found.append(Remaining(one.kind, one.name, content.text, _monthly(content)))
    return found


def _monthly(content: Content) -> float | None:
    if content.bytes is None:
        return None
    price = PRICES[content.price].usd if content.price else 0.0
    return content.bytes / GB * price + (PRICES[content.fixed].usd if content.fixed else 0.0)
