"""Children into array jobs."""

from __future__ import annotations

from dataclasses import dataclass

# AWS Batch API reference, ArrayProperties: "The array size can be between 2 and 10,000."
MIN_ARRAY_SIZE = 2
MAX_ARRAY_SIZE = 10_000


@dataclass(frozen=True)
class Array:
    """`size` consecutive children from `first` on. Size 1 is a plain job: no index variable, index 0."""

    first: int
    size: int

    @property
    def is_plain(self) -> bool:
        return self.size < MIN_ARRAY_SIZE


def arrays(children: int) -> tuple[Array, ...]:
    """The fewest jobs for so many children, of nearly equal size (10,001 = 5,001 + 5,000).

    Nearly equal, so that no array of the impossible size 1 is left over.
    """
    if children < 0:
        raise ValueError(f"impossible number of children: {children}")
    jobs = -(-children // MAX_ARRAY_SIZE)
    result, first = [], 0
    for number in range(jobs):
        size = children // jobs + (number < children % jobs)
        result.append(Array(first, size))
        first += size
    return tuple(result)
