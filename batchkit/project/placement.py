"""The rules of [compute] and [network]: what can run, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError
from batchkit.planning.resources import FARGATE_MEMORY
from batchkit.project.sizes import Memory
from batchkit.project.tables import DEFAULT_CIDR, DEFAULT_ZONES
from batchkit.typed import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.project.model import Project

# "You must specify at least 4 MiB of memory for a job" (AWS Batch API reference, ResourceRequirement).
MIN_EC2_MEMORY = 4

# EC2 user guide, "Amazon EC2 instance type naming conventions": a g among the letters after the generation
# is a Graviton processor; the first ones, a1, came before the convention.
GRAVITON = re.compile(r"a1|[a-z-]+[0-9]+[a-z]*g[a-z]*")

# Where a VPC may lie: private addresses (RFC 1918).
PRIVATE = re.compile(r"10\.\d{1,3}|172\.(1[6-9]|2\d|3[01])|192\.168")


def check_fargate(project: Project) -> None:
    """A pair of vCPUs and memory that Fargate has."""
    compute = project.compute
    if not compute.type.startswith("fargate"):
        return
    sizes = FARGATE_MEMORY.get(compute.vcpus)
    if sizes is None:
        raise ConfigError(
            "[compute] vcpus: Fargate has no such size",
            found=f"{compute.vcpus:g}",
            expected=f"one of {', '.join(f'{v:g}' for v in FARGATE_MEMORY)}",
        )
    if compute.memory not in sizes:
        choices = ", ".join(shown(Memory(size).text) for size in sizes)
        raise ConfigError(
            f"[compute] memory: Fargate does not pair it with {compute.vcpus:g} vCPUs",
            found=compute.memory.text,
            expected=f"one of {choices}",
        )


def check_ec2(project: Project) -> None:
    """vCPUs and memory as Batch takes them on EC2."""
    compute = project.compute
    if compute.type.startswith("fargate"):
        return
    if compute.vcpus != int(compute.vcpus):
        raise ConfigError(
            "[compute] vcpus: on EC2 a child has whole vCPUs",
            found=f"{compute.vcpus:g}",
            expected="an integer of at least 1",
        )
    if compute.memory < MIN_EC2_MEMORY:
        raise ConfigError(
            "[compute] memory is less than Batch allows",
            found=compute.memory.text,
            expected=f"at least {Memory(MIN_EC2_MEMORY).text}",
        )


def check_capacity(project: Project) -> None:
    """At least one child must fit."""
    compute = project.compute
    if compute.max_vcpus < compute.vcpus:
        raise ConfigError(
            "[compute] max_vcpus leaves no room for a single child: every job would wait for ever",
            found=f"max_vcpus {compute.max_vcpus}, vcpus {compute.vcpus:g}",
            expected=f"max_vcpus of at least {compute.vcpus:g}",
        )


def check_instance_types(project: Project) -> None:
    """Types that exist for the project only: of EC2, and of its architecture."""
    compute = project.compute
    if compute.instance_types and compute.type != "ec2-spot":
        raise ConfigError(
            "[compute] instance_types: on Fargate there are none to choose from",
            found=f"type {compute.type}, instance_types {', '.join(compute.instance_types)}",
            expected="instance_types with type ec2-spot only",
        )
    strange = [name for name in compute.instance_types if architecture_of(name) != compute.architecture]
    if strange:
        raise ConfigError(
            "[compute] instance_types: the children's image is for another processor",
            found=f"architecture {compute.architecture}, and {', '.join(strange)}",
            expected=f"types that are {compute.architecture} all of them",
            fix='c7g and the like are architecture = "arm64", c7i and c7a are "x86-64"',
        )


def architecture_of(instance_type: str) -> str:
    """`arm64` or `x86-64`: what an EC2 instance type or family runs, by its name."""
    return "arm64" if GRAVITON.fullmatch(instance_type.partition(".")[0]) else "x86-64"


def check_network(project: Project) -> None:
    """Subnets with security groups, or neither: then the VPC is made, somewhere private."""
    network = project.network
    if bool(network.subnets) != bool(network.security_groups):
        raise ConfigError(
            "[network] subnets and security_groups go together",
            found=f"{len(network.subnets)} subnets, {len(network.security_groups)} security groups",
            expected="both, of the same VPC, or neither: then deploying makes a VPC",
        )
    if network.is_given and (network.zones, network.cidr) != (DEFAULT_ZONES, DEFAULT_CIDR):
        raise ConfigError(
            "[network] zones and cidr are those of a VPC that deploying makes",
            found="subnets beside them",
            expected="either subnets and security_groups, or zones and cidr",
        )
    if not PRIVATE.fullmatch(network.cidr.rpartition(".0.0/16")[0]):
        raise ConfigError(
            "[network] cidr is not a range of private addresses",
            found=network.cidr,
            expected="a /16 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, such as 10.83.0.0/16",
        )


RULES: tuple[Callable[[Project], None], ...] = (
    check_fargate,
    check_ec2,
    check_capacity,
    check_instance_types,
    check_network,
)
