"""`batchkit schedule`: what the project does by the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json, print_rows
from batchkit.cli.parameters import SIZE
from batchkit.cli.projects import load_here
from batchkit.planning import timetable
from batchkit.runs import orders, scheduling

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.runs.scheduling import Entry

COLUMNS = ("name", "when", "time zone", "what", "next")


@click.group()
def command() -> None:
    """Add, list and remove sweeps and submissions by the clock.

    \b
    Examples:
      batchkit schedule add nightly 'cron(0 3 * * ? *)' --sweep --max-cost 20
      batchkit schedule list
    """


@command.command()
@click.argument("name")
@click.argument("expression")
@click.option("--sweep", is_flag=True, help="Make what is missing or stale.")
@click.option("--submit", "source", metavar="S3-PREFIX", help="Submit the objects of a prefix.")
@click.option("--changed-only", is_flag=True, help="With --submit: leave out what is up to date.")
@click.option("--include", multiple=True, metavar="GLOB", help="With --submit: only keys that fit one.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="With --submit: no keys that fit one.")
@click.option("--min-size", "min_bytes", type=SIZE, help="With --submit: only objects at least that large.")
@click.option("--max-size", "max_bytes", type=SIZE, help="With --submit: only objects at most that large.")
@click.option("--limit", type=click.IntRange(1), help="With --submit: at most so many sources.")
@click.option("--max-cost", type=click.FloatRange(0), metavar="USD", help="Refuse a run that costs more.")
@click.option("--timezone", "zone", default="UTC", show_default=True, help="IANA name: Europe/Paris.")
@click.option(
    "--window", type=click.IntRange(0, 1440), default=0, help="Minutes by which it may begin later."
)
@click.option("--replace", is_flag=True, help="Change a schedule that has this name.")
@config_option
@output_option
def add(
    *,
    name: str,
    expression: str,
    sweep: bool,
    source: str | None,
    max_cost: float | None,
    zone: str,
    window: int,
    replace: bool,
    config: Path | None,
    output: str,
    **selection: Any,
) -> None:
    """Start a sweep or a submission when EXPRESSION is due: cron(…), rate(…) or at(…).

    \b
    Examples:
      batchkit schedule add weekly 'cron(0 3 ? * SUN *)' --sweep --timezone Europe/Paris --max-cost 20
      batchkit schedule add import 'rate(6 hours)' --submit s3://photos-originals/import/ --changed-only
      batchkit schedule add once 'at(2027-01-31T02:00:00)' --submit s3://photos-originals/2026/

    A one-time schedule goes when it has fired. Added again, the same schedule stays as it is.
    """
    order = _order(sweep, source, max_cost, selection)
    project, clients = load_here(config), Clients()
    wanted = scheduling.plan(
        project, name, expression, order, zone=zone, window=window, now=datetime.now(UTC)
    )
    change = scheduling.add(scheduling.of(project, clients), wanted, replace=replace)
    if output == "json":
        print_json({"change": change, **wanted.as_json()})
        return
    click.echo(f"{change} {name}: {order}, {wanted.schedule.expression} in {zone}; next:")
    for due in _local(wanted):
        click.echo(f"  {due}")


@command.command("list")
@config_option
@output_option
def list_(config: Path | None, output: str) -> None:
    """List the schedules, that of batchkit.toml among them, and when they are due next.

    \b
    Example:
      batchkit schedule list --output json
    """
    schedules = scheduling.of(load_here(config), Clients())
    found = list(scheduling.entries(schedules, datetime.now(UTC)))
    if output == "json":
        print_json([entry.as_json() for entry in found])
    else:
        print_rows(COLUMNS, [_cells(entry) for entry in found])


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@config_option
@output_option
def remove(names: tuple[str, ...], config: Path | None, output: str) -> None:
    """Remove schedules. What they have started goes on.

    \b
    Example:
      batchkit schedule remove nightly import
    """
    removed = scheduling.remove(scheduling.of(load_here(config), Clients()), names)
    if output == "json":
        print_json(removed)
        return
    for name, was_there in removed.items():
        click.echo(f"removed {name}" if was_there else f"there is no schedule {name}")


def _order(
    sweep: bool, source: str | None, max_cost: float | None, selection: dict[str, Any]
) -> orders.Sweep | orders.Submit:
    if sweep == bool(source):
        raise click.UsageError("give one of --sweep and --submit")
    if source:
        return orders.Submit(source=source, max_cost=max_cost, **selection)
    if any(selection.values()):
        raise click.UsageError("a sweep looks at everything: leave out the options of --submit")
    return orders.Sweep(max_cost=max_cost)


def _cells(entry: Entry) -> tuple[str, ...]:
    schedule = entry.schedule
    what = str(entry.order) if entry.order else schedule.description or "not batchkit's"
    due = next(iter(_local(entry)), "never") if schedule.enabled else "disabled"
    return schedule.name, schedule.expression, schedule.zone, what, due


def _local(entry: Entry) -> list[str]:
    """The next times as clocks in the schedule's own zone show them."""
    return [
        f"{due.astimezone(timetable.time_zone(entry.schedule.zone)):%Y-%m-%d %H:%M %Z}" for due in entry.next
    ]
