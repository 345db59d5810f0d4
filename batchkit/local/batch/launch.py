"""What one attempt of a job is started with: its command, its environment, its log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batchkit.local.batch import limits
from batchkit.local.batch.executor import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batchkit.local.batch.model import Job, Run, Spec

DEFAULT_LOG_GROUP = "/aws/batch/job"
# AWS Batch User Guide, "Job states": the stream starts with the first 200 characters of the name.
_STREAM_NAME_LENGTH = 200
_PLACEHOLDER = "Ref::"


def task(job: Job, run: Run) -> Task:
    """The attempt `run` of `job` for an executor."""
    container = job.spec.container
    return Task(
        id=run.task_id,
        job_id=job.id,
        attempt=len(job.attempts) + 1,
        image=container.get("image", ""),
        command=command(container["command"], job.spec.parameters),
        environment=environment(job, run),
        resources=job.spec.resources,
        container=container,
        log_group=log_group(job.spec),
        log_stream=run.log_stream,
    )


def command(template: Sequence[str], parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The command with every argument `Ref::name` replaced; one without a parameter stays as it is.

    Whole arguments only: what happens inside a longer one is not documented.
    """
    return tuple(_argument(each, parameters) for each in template)


def _argument(text: str, parameters: Mapping[str, str]) -> str:
    if not text.startswith(_PLACEHOLDER):
        return text
    return parameters.get(text.removeprefix(_PLACEHOLDER), text)


def environment(job: Job, run: Run) -> dict[str, str]:
    """The container's variables and Batch's own (User Guide, "Job environment variables")."""
    variables = {each["name"]: each.get("value", "") for each in job.spec.container["environment"]}
    variables["AWS_BATCH_JOB_ID"] = job.id
    variables["AWS_BATCH_JOB_ATTEMPT"] = str(len(job.attempts) + 1)
    variables["AWS_BATCH_JQ_NAME"] = job.spec.queue_name
    variables["AWS_BATCH_CE_NAME"] = run.environment_name
    if job.parent is not None:
        variables["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
        variables["AWS_BATCH_JOB_ARRAY_SIZE"] = str(job.parent.size)
    return variables


def log_group(spec: Spec) -> str:
    return _log_options(spec).get("awslogs-group") or DEFAULT_LOG_GROUP


def log_stream(spec: Spec, task_id: str) -> str:
    prefix = _log_options(spec).get("awslogs-stream-prefix") or spec.definition_name[:_STREAM_NAME_LENGTH]
    return f"{prefix}/default/{task_id}"


def _log_options(spec: Spec) -> Mapping[str, str]:
    options: Mapping[str, str] = (spec.container.get("logConfiguration") or {}).get("options") or {}
    return options


def refusal(job: Job, ready: Task) -> str | None:
    """Why ECS would not run this task, None if it would: such a job fails without an attempt."""
    if overrides_length(ready) > limits.MAX_OVERRIDES:
        return f"Container Overrides length must be at most {limits.MAX_OVERRIDES}"
    propagated = {**job.spec.definition_tags, **job.spec.tags}
    if job.spec.propagate_tags and len(propagated) > limits.MAX_TAGS:
        return f"Tags propagated to the task must be at most {limits.MAX_TAGS}, got {len(propagated)}"
    return None


def overrides_length(ready: Task) -> int:
    """The characters of the RunTask overrides that Batch makes: command, environment, resources."""
    overrides: dict[str, Any] = {
        "name": "default",
        "command": ready.command,
        "environment": [{"name": name, "value": value} for name, value in ready.environment.items()],
        "resourceRequirements": ready.container["resourceRequirements"],
    }
    return len(json.dumps({"containerOverrides": [overrides]}, ensure_ascii=False, separators=(",", ":")))
