"""A SubmitJob request and its job definition, merged into what the job's children share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchkit.local.batch import limits, retry
from batchkit.local.batch.faults import client_exception, refused
from batchkit.local.batch.model import Dependency, Resources, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batchkit.local.batch.control import Queue

_NOT_HERE = ("nodeOverrides", "eksPropertiesOverride", "ecsPropertiesOverride")


def check(request: Mapping[str, Any]) -> None:
    """What can be refused without knowing the definition, the queue or other jobs."""
    limits.job_size(request)
    limits.job_name(request["jobName"])
    limits.tags(request.get("tags", {}))
    overrides = request.get("containerOverrides", {})
    limits.command(overrides.get("command", ()))
    limits.environment(overrides.get("environment", ()))
    for member in _NOT_HERE:
        if request.get(member):
            raise client_exception(f"{member} is not supported here: only container jobs are")


def spec(
    request: Mapping[str, Any],
    definition: Mapping[str, Any],
    queue: Queue,
    depends_on: tuple[Dependency, ...],
) -> Spec:
    """Everything of a job that does not change. Raises ClientException for what Batch refuses."""
    _check_queue(request, queue)
    container = container_of(definition, request.get("containerOverrides", {}))
    strategy = request.get("retryStrategy") or definition.get("retryStrategy") or {}
    wanted = request.get("timeout") or definition.get("timeout") or {}
    return Spec(
        name=request["jobName"],
        queue_arn=queue.arn,
        queue_name=queue.name,
        definition_arn=definition["jobDefinitionArn"],
        definition_name=definition["jobDefinitionName"],
        parameters={**definition.get("parameters", {}), **request.get("parameters", {})},
        container=container,
        resources=resources_of(container),
        retry=retry.parse(strategy),
        retry_strategy={
            "attempts": limits.attempts(strategy.get("attempts")),
            "evaluateOnExit": [],
            **strategy,
        },
        timeout=limits.timeout(_seconds(wanted)),
        depends_on=depends_on,
        tags=request.get("tags", {}),
        definition_tags=definition.get("tags") or {},
        propagate_tags=bool(request.get("propagateTags", definition.get("propagateTags"))),
        platform_capabilities=tuple(definition.get("platformCapabilities") or ()),
        share_identifier=request.get("shareIdentifier"),
        scheduling_priority=request.get("schedulingPriorityOverride", definition.get("schedulingPriority")),
    )


def container_of(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The definition's container with the overrides in it, in the wire shape of ContainerDetail."""
    properties = definition.get("containerProperties")
    if properties is None:
        raise client_exception(
            f"{definition['jobDefinitionArn']} is not supported here: only containerProperties are"
        )
    container = {"volumes": [], "mountPoints": [], "ulimits": [], "secrets": [], **properties}
    container["networkInterfaces"] = []
    container["command"] = list(overrides.get("command", properties.get("command", ())))
    container["environment"] = _merged("name", properties.get("environment"), overrides.get("environment"))
    container["resourceRequirements"] = _merged(
        "type", properties.get("resourceRequirements"), overrides.get("resourceRequirements")
    )
    for member in ("vcpus", "memory", "instanceType"):
        if member in overrides:
            container[member] = overrides[member]
    return container


def resources_of(container: Mapping[str, Any]) -> Resources:
    """What an attempt occupies: the requirements win over the deprecated `vcpus` and `memory`."""
    required = {each["type"]: each["value"] for each in container["resourceRequirements"]}
    try:
        vcpus = float(required.get("VCPU", container.get("vcpus", 1)))
        memory = int(required.get("MEMORY", container.get("memory", 0)))
    except ValueError as problem:
        raise refused(f"Resource requirements must be numbers: {problem}") from problem
    if not 0 < vcpus < float("inf") or memory < 0:
        raise refused(f"Resource requirements must be positive: VCPU {vcpus}, MEMORY {memory}")
    return Resources(vcpus, memory)


def _check_queue(request: Mapping[str, Any], queue: Queue) -> None:
    if not queue.enabled:
        raise refused(f"Job queue {queue.name} is DISABLED and takes no jobs")
    if queue.fair_share and not request.get("shareIdentifier"):
        raise refused(f"Job queue {queue.name} has a scheduling policy: a share identifier is required")
    if not queue.fair_share and request.get("shareIdentifier"):
        raise refused(f"Job queue {queue.name} has no scheduling policy: a share identifier is not allowed")


def _seconds(timeout: Mapping[str, Any]) -> int | None:
    # Numbers that came through CloudFormation parameters are strings.
    seconds = timeout.get("attemptDurationSeconds")
    return None if seconds is None else int(seconds)


def _merged(
    key: str, defined: Sequence[Mapping[str, str]] | None, given: Sequence[Mapping[str, str]] | None
) -> list[dict[str, str]]:
    """Two lists of small records as one: `given` replaces what has the same `key`."""
    merged = {each.get(key, ""): dict(each) for each in (*(defined or ()), *(given or ()))}
    return list(merged.values())
