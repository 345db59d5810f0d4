"""CloudFormation's hold on moto's Batch: environments, queues and job definitions that change and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.batch.models import ComputeEnvironment, JobDefinition, JobQueue, batch_backends
from moto.batch.utils import lowercase_first_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.local.moto_patches import Patches


def can_change(patches: Patches) -> None:
    """Gives the three classes the methods that moto's parser asks for."""
    for owner, update, delete in (
        (ComputeEnvironment, _update_environment, _delete_environment),
        (JobQueue, _update_queue, _delete_queue),
        (JobDefinition, None, _delete_definition),
    ):
        if update is not None:
            patches.add(owner, "update_from_cloudformation_json", _updating(update))
        patches.add(owner, "delete", delete)


def _updating(update: Callable[[Any, Any, dict[str, Any]], None]) -> Any:
    def update_from_cloudformation_json(
        _cls: Any,
        *,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        backend = batch_backends[account_id][region_name]
        update(backend, original_resource, cloudformation_json["Properties"])
        return original_resource

    return classmethod(update_from_cloudformation_json)


def _update_environment(_backend: Any, environment: Any, properties: dict[str, Any]) -> None:
    environment.state = properties.get("State", "ENABLED")
    environment.compute_resources = lowercase_first_key(properties["ComputeResources"])


def _update_queue(backend: Any, queue: Any, properties: dict[str, Any]) -> None:
    backend.update_job_queue(
        queue_name=queue.name,
        priority=properties["Priority"],
        state=properties.get("State", "ENABLED"),
        compute_env_order=[lowercase_first_key(one) for one in properties["ComputeEnvironmentOrder"]],
        schedule_policy=None,
    )


def _delete_environment(environment: Any, account: str, region: str) -> None:
    """AWS refuses while a queue uses it (Batch API reference, DeleteComputeEnvironment)."""
    backend = batch_backends[account][region]
    users = [queue.name for queue in backend._job_queues.values() if environment in queue.environments]  # noqa: SLF001
    if users:
        raise ValueError(f"Cannot delete, found existing JobQueue relationship: {', '.join(users)}")
    backend.delete_compute_environment(environment.name)


def _delete_queue(queue: Any, account: str, region: str) -> None:
    batch_backends[account][region].delete_job_queue(queue.name)


def _delete_definition(definition: Any, _account: str, _region: str) -> None:
    definition.deregister()
