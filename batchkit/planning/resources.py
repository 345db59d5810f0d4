"""Sizes of a child: what Fargate sells, and what comes after a size that was too small."""

from __future__ import annotations

# AWS Batch API reference, ResourceRequirement: the MiB that Fargate takes with so many vCPUs.
FARGATE_MEMORY: dict[float, tuple[int, ...]] = {
    0.25: (512, 1024, 2048),
    0.5: tuple(range(1024, 4096 + 1, 1024)),
    1: tuple(range(2048, 8192 + 1, 1024)),
    2: tuple(range(4096, 16384 + 1, 1024)),
    4: tuple(range(8192, 30720 + 1, 1024)),
    8: tuple(range(16384, 61440 + 1, 4096)),
    16: tuple(range(32768, 122880 + 1, 8192)),
    32: (61440, 122880, 249856),
}

MIB = 1024 * 1024
# What tells a worker the memory, in MiB, that its job definition gives it.
MEMORY_VARIABLE = "BATCHKIT_MEMORY"
# What a worker holds beside sources: Python with boto3 and a job's libraries (some 90 MiB), connections, and
# outputs on their way to S3.
WORKER_BYTES = 160 * MIB
# What each process that makes outputs takes by itself, beside what it shares with the worker.
LANE_BYTES = 24 * MIB
# However little a child has, a job may try the smallest sources.
LEAST_BYTES = 32 * MIB


def job_memory(child: int, max_bytes: int, lanes: int = 1) -> int:
    """The bytes that a job may use for one source, in a child with `child` bytes of memory.

    `max_bytes`: the largest source, 0 if there is no limit; one is being fetched while `lanes` are made.
    """
    return max(LEAST_BYTES, (child - WORKER_BYTES - max_bytes) // lanes - LANE_BYTES)


def larger(compute: str, vcpus: float, memory: int) -> tuple[float, int]:
    """vCPUs and MiB of a child for which `memory` was not enough: twice as much.

    On Fargate the largest size has no successor.
    """
    return fitting(compute, vcpus, 2 * memory)


def fitting(compute: str, vcpus: float, memory: int) -> tuple[float, int]:
    """vCPUs and MiB of a child that needs at least so much: on Fargate the smallest size that has it, or else
    the largest one."""
    if not compute.startswith("fargate"):
        return vcpus, memory
    for count, sizes in sorted(FARGATE_MEMORY.items()):
        enough = [size for size in sizes if size >= memory]
        if count >= vcpus and enough:
            return count, enough[0]
    return max((count, sizes[-1]) for count, sizes in FARGATE_MEMORY.items())
