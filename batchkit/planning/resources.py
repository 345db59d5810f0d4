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


def larger(compute: str, vcpus: float, memory: int) -> tuple[float, int]:
    """vCPUs and MiB of a child for which `memory` was not enough: twice as much.

    On Fargate the smallest size that has it, with no fewer vCPUs; the largest one has no successor.
    """
    wanted = 2 * memory
    if not compute.startswith("fargate"):
        return vcpus, wanted
    for count, sizes in sorted(FARGATE_MEMORY.items()):
        enough = [size for size in sizes if size >= wanted]
        if count >= vcpus and enough:
            return count, enough[0]
    return max((count, sizes[-1]) for count, sizes in FARGATE_MEMORY.items())
