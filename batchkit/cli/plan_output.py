"""A plan onto standard output: what was found, what will happen, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from batchkit.cli.output import human_bytes, print_json, print_mapping, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.planning.backfill import Plan, Tally

COLUMNS = ("what", "quantity", "unit", "USD", "price", "as of", "according to")

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
    print_rows(COLUMNS, [*_lines(plan), ("total", "", "", _number(plan.cost.total), "", "", "")])
    click.echo()
    click.echo("An estimate without storage, NAT and reclaimed Spot children; prices are of us-east-1.")


def _facts(plan: Plan) -> Mapping[str, object]:
    return {
        "run": plan.run,
        "found": found(plan.tally),
        "will do": f"{plan.items:,} items of {plan.sources:,} sources ({human_bytes(plan.bytes)}):"
        f" {', '.join(plan.tasks)}",
        "children": f"{plan.children:,}, each up to {plan.per_child:,} items,"
        f" {plan.vcpus:g} vCPU, {plan.memory:,} MiB",
        "array jobs": _arrays(plan),
        "API calls": f"{plan.calls:,} SubmitJob",
        "compute": f"{plan.vcpu_hours:,.2f} vCPU-hours",
        "takes about": duration(plan.seconds),
        "costs about": f"{_number(plan.cost.total)} USD",
    }


def found(tally: Tally) -> str:
    """`1,200 sources: 1,000 new, 200 up to date`; kinds that do not occur are left out."""
    kinds = ((getattr(tally, name), text) for name, text in _FOUND.items())
    parts = ", ".join(f"{number:,} {text}" for number, text in kinds if number)
    sources = "1 source" if tally.found == 1 else f"{tally.found:,} sources"
    return sources + (f": {parts}" if parts else "")


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


def _lines(plan: Plan) -> list[tuple[object, ...]]:
    return [
        (
            line.what,
            _number(line.quantity),
            line.unit,
            _number(line.usd),
            f"{line.price:.4g}",
            line.date,
            line.source,
        )
        for line in plan.cost.lines
    ]


def _number(amount: float) -> str:
    """Two decimals unless it is whole, and as many as a smaller amount needs."""
    if float(amount).is_integer():
        return f"{amount:,.0f}"
    return f"{amount:,.2f}" if amount >= 0.01 else f"{amount:.2g}"
