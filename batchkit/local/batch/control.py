"""Where job definitions, queues and compute environments come from: the control plane, read only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.local.batch.faults import client_exception
from batchkit.local.batch.model import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable

# The most memory that AWS sells with a vCPU on what Batch picks by itself: r-family EC2 instances, and
# Fargate (8 GiB with 1 vCPU). A compute environment limits vCPUs only; this is the memory they bring.
MEMORY_PER_VCPU_MIB = 8192


@dataclass(frozen=True)
class Environment:
    """A compute environment: what it can hold at once."""

    arn: str
    name: str
    capacity: Resources
    enabled: bool = True


@dataclass(frozen=True)
class Queue:
    """A job queue and its compute environments in the order in which they are tried."""

    arn: str
    name: str
    priority: int
    environments: tuple[Environment, ...]
    enabled: bool = True
    fair_share: bool = False


class Control(Protocol):
    """The port to the control plane; `ref` is a name, `name:revision` or an ARN.

    Both methods raise BatchFault for a `ref` that nothing has.
    """

    def definition(self, ref: str) -> dict[str, Any]:
        """The job definition as DescribeJobDefinitions shows it, without a revision the latest ACTIVE one."""

    def queue(self, ref: str) -> Queue:
        """The queue with its compute environments."""


def environment(arn: str, name: str, max_vcpus: float, *, enabled: bool = True) -> Environment:
    """A compute environment of `max_vcpus`, with the memory that goes with them."""
    vcpus = float(max_vcpus)
    return Environment(arn, name, Resources(vcpus, int(vcpus * MEMORY_PER_VCPU_MIB)), enabled)


class MotoControl:
    """Reads moto's Batch backend of one account and region."""

    def __init__(self, backend: Any) -> None:
        """`backend` is `moto.batch.models.batch_backends[account][region]`."""
        self._backend = backend

    def definition(self, ref: str) -> dict[str, Any]:
        # moto's own look-up ignores whether a revision is still ACTIVE.
        known = list(self._backend._job_definitions.values())  # noqa: SLF001
        found = latest_definition(known, ref)
        if found is None:
            raise client_exception(_unknown_definition(ref))
        return _cleaned(found.describe())

    def queue(self, ref: str) -> Queue:
        found = self._backend.get_job_queue(ref)
        if found is None:
            raise client_exception(f"JobQueue {ref} not found.")
        return Queue(
            arn=found.arn,
            name=found.name,
            priority=int(found.priority),
            environments=tuple(_environment(each) for each in found.environments),
            enabled=found.state == "ENABLED",
            fair_share=bool(found.schedule_policy),
        )


def latest_definition(known: Iterable[Any], ref: str) -> Any | None:
    """The ACTIVE definition that `ref` names: of several revisions the highest, None if there is none."""
    matching = [each for each in known if each.status == "ACTIVE" and ref in _names(each)]
    return max(matching, key=lambda each: int(each.revision), default=None)


def _names(definition: Any) -> tuple[str, ...]:
    unversioned_arn = definition.arn.rpartition(":")[0]
    return definition.name, f"{definition.name}:{definition.revision}", definition.arn, unversioned_arn


def _unknown_definition(ref: str) -> str:
    if ref.startswith("arn:"):
        return f"JobDefinition {ref} not found."
    return f"JobDefinition name {ref} does not exist or is not in ACTIVE status"


def _environment(found: Any) -> Environment:
    # Numbers that came through CloudFormation parameters are strings.
    max_vcpus = float((found.compute_resources or {}).get("maxvCpus", 0))
    return environment(found.arn, found.name, max_vcpus, enabled=found.state == "ENABLED")


def _cleaned(described: dict[str, Any]) -> dict[str, Any]:
    # moto 5.2 turns an empty string of a CloudFormation map into an empty list.
    parameters = described.get("parameters") or {}
    described["parameters"] = {name: str(value or "") for name, value in parameters.items()}
    return described
