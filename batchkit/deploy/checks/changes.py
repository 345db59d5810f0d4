"""What must not be changed while jobs wait or run."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.aws.queues import Queues
from batchkit.aws.stacks import Stacks
from batchkit.deploy.checks.result import Place, Result
from batchkit.deploy.destroy import JOB_QUEUE
from batchkit.deploy.steps import COMPUTE, Stack

# What decides on which machines a job definition's jobs can run.
KIND = ("ComputeType", "Architecture")


def machines(place: Place) -> Iterator[Result]:
    """Live jobs, where the project goes to another kind of machines: they would be stranded in its queues."""
    step = next(one for one in place.steps.steps if isinstance(one, Stack) and one.path == COMPUTE)
    stacks = Stacks(place.clients.cloudformation)
    state = stacks.state(step.name)
    changed = [
        f"{name} {state.parameters[name]} to {step.texts[name]}"
        for name in KIND
        if state is not None and state.parameters.get(name, step.texts[name]) != step.texts[name]
    ]
    if state is None or not changed:
        yield Result("machines", "ok", "the kind of machines stays, or nothing is deployed yet")
        return
    change, queues = " and ".join(changed), Queues(place.clients.batch)
    busy = [
        queue.rsplit("/", 1)[-1]
        for queue in stacks.resources(state.id, JOB_QUEUE).values()
        if next(queues.alive(queue), None) is not None
    ]
    if not busy:
        yield Result("machines", "ok", f"no job is alive while it goes from {change}")
        return
    fix = (
        "wait for these runs, or `batchkit cancel` them first:"
        " their jobs would be stranded in a queue of another kind"
    )
    yield Result("machines", "failed", f"jobs are alive in {', '.join(busy)}, and it goes from {change}", fix)
