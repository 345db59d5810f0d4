"""How many items one child does, from what a source is expected to take.

AWS advises array children of 3 to 5 minutes (Batch User Guide, "Best practices": shorter ones spend
their time on starting), and Fargate bills at least one. A child does whole sources, so that each is
fetched and decoded once, and all children do equally many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchkit.errors import DataError

FanOut = Literal["source", "task"]

SECONDS_PER_CHILD = 240

# As many jobs may be SUBMITTED at a time (Batch User Guide, service quotas).
MAX_CHILDREN = 1_000_000

# A child that is expected to take more than this share of its timeout will too often meet it.
TIMEOUT_SHARE = 0.5

# The size of a photograph of 14 megapixels, for sources whose size nobody knows.
TYPICAL_BYTES = 3_000_000


@dataclass(frozen=True)
class Amount:
    """Sources, their bytes (estimated where unknown), and the items to make of them."""

    sources: int
    bytes: int
    items: int


@dataclass(frozen=True)
class Model:
    """Seconds that a child takes: per source for waiting; per byte and per item on one whole vCPU.

    The defaults: the image job takes about 0.2 s of a workstation's core for a photograph of 14
    megapixels, 3 MB, and five variants, half of it to decode; a vCPU is a hyperthread, half a core. What
    a source waits for (HEADs, the ledger, the check at the end) mostly happens beside the computing.
    A child makes a source on each of its lanes, which share its vCPUs.
    """

    source: float = 0.1
    byte: float = 2 * 0.1 / 3_000_000
    item: float = 2 * 0.1 / 5

    def seconds(self, amount: Amount, vcpus: float, lanes: int = 1) -> float:
        """Of all children together. More vCPUs than lanes speed nothing up: a source is one thread's."""
        computing = amount.bytes * self.byte + amount.items * self.item
        return (amount.sources * self.source + computing / min(vcpus / lanes, 1.0)) / lanes

    def calibrated(self, amount: Amount, vcpus: float, measured: float, lanes: int = 1) -> Model:
        """The model that would have foretold `measured` seconds for this amount."""
        expected = self.seconds(amount, vcpus, lanes)
        if expected <= 0 or measured <= 0:
            return self
        factor = measured / expected
        return Model(self.source * factor, self.byte * factor, self.item * factor)


MODEL = Model()


def amount(sources: int, bytes_known: int, items: int, unsized: int = 0) -> Amount:
    """An amount in which `unsized` of the sources get the average size of the others."""
    sized = sources - unsized
    average = bytes_known / sized if sized else TYPICAL_BYTES
    return Amount(sources, bytes_known + round(unsized * average), items)


def lanes(vcpus: float) -> int:
    """How many sources a child of so many vCPUs makes at the same time."""
    return max(1, round(vcpus))


def busy_lanes(lanes: int, per_child: int, tasks: int) -> int:
    """Of a child's lanes, those that have a source: a child of `per_child` items may have fewer."""
    return min(lanes, max(per_child // tasks, 1))


def visits(sources: int, items: int, tasks: int, per_child: int) -> int:
    """How often sources are read: once, or by several children that make some of its `tasks` each."""
    return sources if per_child % tasks == 0 else min(items, sources * -(-tasks // per_child))


def visited(amount: Amount, visits: int) -> Amount:
    """The amount as it is worked off: a source is waited for and decoded at each visit."""
    times = visits / amount.sources if amount.sources else 1.0
    return Amount(visits, round(amount.bytes * times), amount.items)


def per_child(
    amount: Amount, seconds: float, tasks: int, fan_out: FanOut, seconds_per_child: float = SECONDS_PER_CHILD
) -> int:
    """Items of one child when all takes `seconds`: a multiple of `tasks`, or 1 for `fan_out` "task".

    Equally many sources for each child, the last one excepted, and never more than MAX_CHILDREN children.
    """
    if fan_out == "task":
        return 1
    if not amount.sources:
        return tasks
    wanted = round(seconds / seconds_per_child)
    children = min(max(wanted, 1), amount.sources, MAX_CHILDREN)
    return -(-amount.sources // children) * tasks


def smaller(per_child: int, tasks: int) -> int:
    """Items of a child for which `per_child` were too many: half as many sources, then fewer tasks of one.

    A part of a source's tasks is a divisor of `tasks`, so that no child shares a source with its neighbour's
    last one.
    """
    sources = per_child // tasks
    if sources > 1:
        return sources // 2 * tasks
    most = max(min(per_child, tasks) // 2, 1)
    return max(number for number in range(1, most + 1) if tasks % number == 0)


def check_children(children: int) -> None:
    """Raises DataError for more children than Batch takes at once."""
    if children > MAX_CHILDREN:
        raise DataError(
            "the run would have more children than AWS Batch takes",
            found=f"{children:,} children",
            expected=f"at most {MAX_CHILDREN:,}",
            fix="let a child do more (no --fan-out task, larger --seconds-per-child), or split with --limit",
        )


def check_timeout(seconds: float, timeout: int | None) -> None:
    """Raises DataError when children that take `seconds` on average are likely to meet their timeout."""
    if timeout is not None and seconds > timeout * TIMEOUT_SHARE:
        raise DataError(
            "the children would be likely to meet their timeout",
            found=f"{seconds:,.0f} s a child on average",
            expected=f"at most {timeout * TIMEOUT_SHARE:,.0f} s, half of [compute] bulk_timeout",
            fix="lower --seconds-per-child, or raise bulk_timeout and deploy",
        )
