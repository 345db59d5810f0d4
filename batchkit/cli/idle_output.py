"""What a deployment costs a month while nothing happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from batchkit.deploy.steps import Plan, Stack
from batchkit.deploy.template import Template
from batchkit.planning.idle_cost import IdleLine, idle_lines, total

if TYPE_CHECKING:
    from batchkit.deploy.steps import Site


def idle(steps: Plan, site: Site) -> list[IdleLine]:
    """The lines of everything that the plan's stacks make."""
    pseudo: Mapping[str, str] = {"AWS::AccountId": site.account, "AWS::Region": site.region}
    stacks = [step for step in steps.steps if isinstance(step, Stack)]
    resources = [one for s in stacks for one in Template(s.template, s.texts, pseudo).resources.values()]
    return idle_lines((one.logical_id, one.kind, one.properties) for one in resources)


def print_idle(lines: Sequence[IdleLine]) -> None:
    """The sum, and what makes it."""
    click.echo(f"\nidle, it costs {total(lines):,.2f} USD a month, besides what is stored (S3 0.023 a GB)")
    maybe = [line for line in lines if line.may_be_free]
    if maybe:
        most = sum(line.monthly for line in maybe)
        free = "if the account's free ones are used up"
        click.echo(f"  and up to {most:,.2f} for {len(maybe)} alarms and dashboards, {free}")
    for line in (line for line in lines if not line.may_be_free):
        click.echo(
            f"  {line.monthly:>8,.2f}  {line.resource}: {line.quantity:g} {line.what}"
            f" (prices of us-east-1, {line.date}; {line.source})"
        )
