"""What backfills of several sizes come to, as `batchkit submit --dry-run` would estimate them."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.planning import cost, manifest, sizing
from batchkit.planning.arrays import arrays
from batchkit.planning.cost import ComputeType, Machine, Workload
from batchkit.planning.prices import PRICES
from docs.writers.markdown import document, table

SIZES = (10_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
TASKS = 5
KEY = "2024/07/IMG_20240713_181500.jpg"
ETAG = "d41d8cd98f00b204e9800998ecf8427e"
MACHINES: tuple[ComputeType, ...] = ("ec2-spot", "fargate-spot", "fargate")
MAX_VCPUS = 2_000

SCALE = ("sources", "items", "children", "seconds each", "SubmitJob calls", "vCPU-hours", "hours", "manifest")
MONEY = ("sources", "on", "computing", "requests", "ledger", "events, logs", "in all", "a million sources")

INTRODUCTION = """\
The planner's own figures for photographs of 3 MB and five variants, on children of 1 vCPU and 2 GB, with
what `batchkit submit --dry-run` assumes where it knows nothing better: no canary has measured anything.
What the columns mean: [what things cost](../cost-model.md), [the arithmetic of scale](../scaling.md).
Prices of us-east-1, dated in the plan of every run; Spot is assumed to be 65 % off."""

HOURS = f"""\
## Time and children

`{MACHINES[0]}`. Hours with {MAX_VCPUS:,} vCPUs at once; the manifest is the list of sources that the
children read their parts of."""


def page() -> str:
    return document(
        "Estimates",
        INTRODUCTION,
        HOURS,
        table(SCALE, map(_scale, SIZES)),
        "## USD",
        table(
            MONEY,
            (_money(sources, machine) for sources in SIZES for machine in MACHINES),
        ),
        "## Of one vCPU, each second",
        table(("what", "a second"), _rates()),
    )


def _work(sources: int) -> Workload:
    amount = sizing.amount(sources, 0, sources * TASKS, unsized=sources)
    seconds = sizing.MODEL.seconds(amount, 1)
    each = sizing.per_child(amount, seconds, TASKS, "source")
    children = -(-amount.items // each)
    return Workload(
        sources, amount.items, children, seconds / children, key_bytes=len(KEY), lists=-(-sources // 1000)
    )


def _machine(compute: ComputeType) -> Machine:
    return Machine(compute, vcpus=1, memory=2048)


def _scale(sources: int) -> tuple[str, ...]:
    work, machine = _work(sources), _machine(MACHINES[0])
    hours = work.children * cost.billed_seconds(machine.compute, work.seconds) / 3600
    source = manifest.Source(bucket="photos-originals", key=KEY, etag=ETAG, size=sizing.TYPICAL_BYTES)
    ((line, _), *_rest) = manifest.write([source])
    figures = (
        sources,
        work.items,
        work.children,
        round(work.seconds),
        len(arrays(work.children)),
        round(hours),
    )
    wall = cost.wall_clock(work, machine, MAX_VCPUS) / 3600
    return (*(f"{figure:,}" for figure in figures), f"{wall:,.1f}", f"{sources * len(line) / 1e6:,.0f} MB")


def _money(sources: int, compute: ComputeType) -> tuple[str, ...]:
    found = cost.estimate(_work(sources), _machine(compute), PRICES)
    parts = (found.compute, found.requests, found.ledger, found.events + found.logs, found.total)
    million = found.total / sources * 1e6
    return (f"{sources:,}", f"`{compute}`", *(cost.usd(part) for part in parts), f"{million:,.2f}")


def _rates() -> Iterator[tuple[str, str]]:
    """Of a vCPU that works without a pause."""
    work = _work(1_000_000)
    seconds = work.seconds * work.children
    visits, items = work.sources, work.items
    gets = visits * cost.GETS_PER_VISIT + items * cost.GETS_PER_ITEM
    for what, count in (
        ("sources", work.sources),
        ("items, each an output", items),
        ("S3 PUT", items * cost.PUTS_PER_ITEM),
        ("S3 GET and HEAD", gets),
        ("write units of the ledger", items * cost.writes_per_item(work.key_bytes)),
        ("MB read", work.sources * sizing.TYPICAL_BYTES / 1e6),
    ):
        yield what, f"{count / seconds:,.1f}"
