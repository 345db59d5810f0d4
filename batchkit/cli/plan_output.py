"""A plan onto standard output: what was found, what will happen, what it costs."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from batchkit.cli.output import counted, human_bytes, print_json, print_mapping, print_rows
from batchkit.planning.sizing import TYPICAL_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.planning.backfill import Plan, Tally

COLUMNS = ("what", "quantity", "unit", "USD", "price")

_FOUND = {
    "unchecked": "not compared with their outputs",
    "new": "new",
    "stale_source": "changed since",
    "stale_recipe": "of another recipe",
    "fresh": "up to date",
    "rejected": "of a wrong type or size",
    "repeated": "more named again and counted once",
}


def print_plan(plan: Plan, output: str) -> None:
    """The plan as `output` ("table" or "json") says."""
    if output == "json":
        print_json(plan.as_json())
        return
    print_mapping(_facts(plan))
    click.echo()
    print_rows(COLUMNS, price_rows(plan))
    click.echo()
    for line in _sources(plan):
        click.echo(line)
    click.echo("An estimate without storage, NAT and reclaimed Spot children; prices are of us-east-1.")


def _facts(plan: Plan) -> Mapping[str, object]:
    return {
        "run": plan.run,
        "found": found(plan.tally),
        "will do": f"{counted(plan.items, 'item')} of {counted(plan.sources, 'source')} ({_size(plan)}):"
        f" {', '.join(plan.tasks)}",
        "children": f"{plan.children:,}, each up to {counted(plan.per_child, 'item')},"
        f" {plan.vcpus:g} vCPU, {plan.memory:,} MiB",
        "array jobs": _arrays(plan),
        "API calls": f"{plan.calls:,} SubmitJob",
        "compute": f"{plan.vcpu_hours:,.2f} vCPU-hours",
        "takes about": duration(plan.seconds),
        "costs about": f"{figure(plan.cost.total)} USD",
    }


def found(tally: Tally) -> str:
    """`1,200 sources: 1,000 new, 200 up to date`; kinds that do not occur are left out."""
    kinds = ((getattr(tally, name), text) for name, text in _FOUND.items())
    parts = ", ".join(f"{number:,} {text}" for number, text in kinds if number)
    return counted(tally.found, "source") + (f": {parts}" if parts else "")


def duration(seconds: float) -> str:
    """3725 → '1 h 02 min', 95 → '1 min 35 s'."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours:,} h {minutes_left:02} min" if hours else f"{minutes} min {rest:02} s"


def _arrays(plan: Plan) -> str:
    sizes = [array.size for array in plan.arrays]
    if not sizes:
        return "none: there is nothing to do"
    if sizes == [1]:
        return "none: one plain job"
    same = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    return f"{len(sizes)} of {same} children"


def price_rows(plan: Plan) -> list[tuple[str, ...]]:
    """The cells of COLUMNS: what is billed, and the total."""
    lines = [
        (
            line.what,
            figure(line.quantity),
            line.unit,
            figure(line.usd),
            f"{line.price:.4g}",
        )
        for line in plan.cost.lines
    ]
    return [*lines, ("total", "", "", figure(plan.cost.total), "")]


def _sources(plan: Plan) -> list[str]:
    """Where the prices are from, one line for each source and date, wrapped as a terminal shows it."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in plan.cost.lines:
        found.setdefault((line.source, line.date), []).append(line.what)
    return [
        textwrap.fill(
            f"{'; '.join(what)}: {source}" + (f", {date}" if date else ""), 80, subsequent_indent="  "
        )
        for (source, date), what in found.items()
    ]


def _size(plan: Plan) -> str:
    """The bytes of the sources, and what was assumed of those whose size nobody knows."""
    if not plan.unsized:
        return human_bytes(plan.bytes)
    assumed = TYPICAL_BYTES if plan.unsized == plan.sources else plan.bytes / (plan.sources - plan.unsized)
    known = f"{human_bytes(plan.bytes)} and " if plan.bytes else ""
    return f"{known}{plan.unsized:,} of unknown size, {human_bytes(round(assumed))} each assumed"


def figure(amount: float) -> str:
    """An amount: two decimals unless it is whole, and as many as a smaller amount needs."""
    if float(amount).is_integer():
        return f"{amount:,.0f}"
    return f"{amount:,.2f}" if amount >= 0.01 else f"{amount:.2g}"
