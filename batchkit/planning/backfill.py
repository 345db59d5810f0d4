"""What a bulk run will do, as plain data: nothing here looks at a bucket or changes anything."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import msgspec

from batchkit.errors import DataError
from batchkit.planning import cost, sizing
from batchkit.planning.arrays import Array, arrays
from batchkit.planning.cost import ComputeType, Cost, Machine, Workload
from batchkit.planning.prices import PRICES, Price
from batchkit.planning.shards import Shape
from batchkit.planning.sizing import MODEL, SECONDS_PER_CHILD, Amount, FanOut, Model
from batchkit.planning.states import MAX_BAD


@dataclass(frozen=True)
class Tally:
    """Sources by what planning found of them.

    `unchecked` ones are in the run because nobody asked whether they changed. `fresh` and `rejected`
    (by suffix or size) ones are not in the run, and `repeated` ones only as often as others: a file named
    them again.
    """

    new: int = 0
    stale_source: int = 0
    stale_recipe: int = 0
    fresh: int = 0
    rejected: int = 0
    unchecked: int = 0
    repeated: int = 0

    @property
    def found(self) -> int:
        """The different sources that were looked at."""
        return self.chosen + self.fresh + self.rejected

    @property
    def chosen(self) -> int:
        """The sources that are in the run."""
        return self.new + self.stale_source + self.stale_recipe + self.unchecked


@dataclass(frozen=True)
class Plan:
    """A run before it is submitted.

    `bytes` counts the sources' bytes; `items` what the run is expected to account for, which is less
    than sources x tasks where the manifest names subsets; `started` is when it was planned, in epoch
    seconds; `seconds` from the first start to the last end; `vcpus` and `memory` (MiB) of one child;
    `billed` the seconds of all children that will be billed, their starts included. `unsized` sources are
    of unknown size: `bytes` leaves them out, the estimates do not. With a larger share of bad items than
    `max_bad` the run counts as FAILED; `model` is what it was planned by. A child makes `lanes` sources at
    the same time.
    """

    run: str
    recipe: str
    tasks: tuple[str, ...]
    sources: int
    bytes: int
    per_child: int
    items: int
    started: int
    arrays: tuple[Array, ...]
    tally: Tally
    cost: Cost
    seconds: int
    vcpus: float
    memory: int
    compute: ComputeType
    billed: float
    unsized: int = 0
    max_bad: float = 1.0
    model: Model = MODEL
    lanes: int = 1

    @property
    def shape(self) -> Shape:
        return Shape(sources=self.sources, tasks=len(self.tasks), per_child=self.per_child)

    @property
    def children(self) -> int:
        return sum(array.size for array in self.arrays)

    @property
    def calls(self) -> int:
        """How many SubmitJob calls the run takes."""
        return len(self.arrays)

    @property
    def amount(self) -> Amount:
        """What the children do: a source as often as it is read."""
        known = sizing.amount(self.sources, self.bytes, self.items, self.unsized)
        visits = sizing.visits(self.sources, self.items, len(self.tasks), self.per_child)
        return sizing.visited(known, visits)

    @property
    def vcpu_hours(self) -> float:
        """What the run is billed for, the children's starts included."""
        return sum(line.quantity for line in self.cost.lines if line.unit == cost.VCPU_HOUR)

    def to_json(self) -> builtins.bytes:
        """The plan as it is stored; `from_json` reads it."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, data: builtins.bytes) -> Self:
        """Raises DataError for anything but a plan."""
        try:
            return msgspec.json.decode(data, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DataError(
                "this is not a plan",
                found=str(error),
                expected="what `batchkit submit` stores beside a run's manifest",
            ) from error

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--output json`: the stored plan and what follows from it."""
        lines = [{**asdict(line), "usd": line.usd} for line in self.cost.lines]
        return {
            **asdict(self),
            "children": self.children,
            "calls": self.calls,
            "vcpu_hours": self.vcpu_hours,
            "cost": {"total": self.cost.total, "lines": lines},
        }


@dataclass(frozen=True)
class Found:
    """What is in the run's manifest: sources, their bytes, the items they ask for.

    `unsized` counts the sources of unknown size (from a file of keys); `bytes` leaves them out. `key_bytes`
    is the length of all their keys, `lists` how many LIST requests it took to find them, `asked`
    and `looked` how many of the ledger and HEADs to compare them. `buckets` are the sources'.
    """

    sources: int
    bytes: int
    items: int
    unsized: int = 0
    tally: Tally = field(default_factory=Tally)
    key_bytes: int = 0
    lists: int = 0
    asked: int = 0
    looked: int = 0
    buckets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Options:
    """How a run is to be cut up, and what it runs on.

    `max_vcpus` may run at the same time. `most_per_child` (items) bounds what follows from the cost model and
    `seconds_per_child`; `timeout` (seconds) ends a child's attempt. `output_events` says that every output
    put makes an event that is billed; `max_bad` is the plan's. `lanes`: a child's, where they do not
    follow from its vCPUs.
    """

    machine: Machine
    max_vcpus: int
    fan_out: FanOut = "source"
    seconds_per_child: float = SECONDS_PER_CHILD
    most_per_child: int | None = None
    timeout: int | None = None
    model: Model = MODEL
    prices: Mapping[str, Price] = field(default_factory=lambda: PRICES)
    output_events: bool = False
    max_bad: float = MAX_BAD
    lanes: int | None = None


def plan(
    run: str, started: int, *, recipe: str, tasks: Sequence[str], found: Found, options: Options
) -> Plan:
    """The plan of a run of the recipe of digest `recipe`, whose tasks are `tasks` (names, at least one).

    Raises DataError when the run would have more children than Batch takes, or too slow ones.
    """
    amount = sizing.amount(found.sources, found.bytes, found.items, found.unsized)
    vcpus = options.machine.vcpus
    lanes = options.lanes or sizing.lanes(vcpus)
    seconds = options.model.seconds(amount, vcpus, lanes)
    per_child = sizing.per_child(amount, seconds, len(tasks), options.fan_out, options.seconds_per_child)
    per_child = min(per_child, options.most_per_child or per_child)
    children = Shape(found.sources, len(tasks), per_child).children
    visits = sizing.visits(found.sources, found.items, len(tasks), per_child)
    lanes = sizing.busy_lanes(lanes, per_child, len(tasks))
    seconds = options.model.seconds(sizing.visited(amount, visits), vcpus, lanes)
    each = seconds / max(children, 1)
    sizing.check_children(children)
    sizing.check_timeout(each, options.timeout)
    work = _workload(found, children, each, visits, output_events=options.output_events)
    return Plan(
        run=run,
        recipe=recipe,
        tasks=tuple(tasks),
        sources=found.sources,
        bytes=found.bytes,
        per_child=per_child,
        items=found.items,
        started=started,
        arrays=arrays(children),
        tally=found.tally,
        cost=cost.estimate(work, options.machine, options.prices),
        seconds=cost.wall_clock(work, options.machine, options.max_vcpus),
        vcpus=vcpus,
        memory=options.machine.memory,
        compute=options.machine.compute,
        billed=children * cost.billed_seconds(options.machine.compute, each),
        unsized=found.unsized,
        max_bad=options.max_bad,
        model=options.model,
        lanes=lanes,
    )


def _workload(found: Found, children: int, seconds: float, visits: int, *, output_events: bool) -> Workload:
    return Workload(
        sources=found.sources,
        items=found.items,
        children=children,
        seconds=seconds,
        output_events=output_events,
        visits=visits,
        key_bytes=found.key_bytes / max(found.sources, 1),
        lists=found.lists,
        asked=found.asked,
        looked=found.looked,
    )
