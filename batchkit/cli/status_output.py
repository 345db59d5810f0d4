"""What became of a run, onto standard output."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from batchkit.cli.output import counted, human_bytes, one_line, print_mapping, print_rows
from batchkit.cli.plan_output import duration, figure

if TYPE_CHECKING:
    from batchkit.runs.status import Status, Trouble

BAD = ("outcome", "task", "source", "error", "message")


def print_status(found: Status) -> None:
    """Facts, then what went wrong by cause, then the first bad items."""
    print_mapping({name: value for name, value in _facts(found) if value})
    if found.troubles:
        click.echo()
        for trouble in found.troubles:
            click.echo("\n".join(_told(trouble)))
    if found.kinds > len(found.troubles):
        rest = counted(found.kinds - len(found.troubles), "more kind")
        click.echo(f"and {rest} of errors: the report has all")
    if found.bad:
        click.echo()
        print_rows(
            BAD, [(i["outcome"], i["task"], i["key"], i["error_class"], i["message"]) for i in found.bad]
        )


def _facts(found: Status) -> Iterator[tuple[str, str]]:
    yield "run", found.run
    yield "state", found.state.value + _cancelled(found)
    yield "source", found.source or counted(found.sources, "source")
    yield "items", _items(found)
    if found.is_bulk:
        yield "children", _children(found)
        yield "time", _time(found)
        yield "cost", _cost(found)
    yield "outputs", human_bytes(found.counts.bytes)
    yield "job", found.job
    if found.is_bulk and found.is_over:
        yield "report", found.report
        yield "page", found.page or f"batchkit report {found.run} --open"
        yield "retried by", ", ".join(found.retried_by)
        yield "retry", found.retry


def _cancelled(found: Status) -> str:
    if not found.cancelled:
        return ""
    return f" (cancelled: {found.cancel_reason})" if found.cancel_reason else " (cancelled)"


def _items(found: Status) -> str:
    counts = found.counts
    told = f"{counts.done} done, {counts.fresh} fresh, {counts.rejected} rejected, {counts.failed} failed"
    return f"{told}; {counts.items:,} of {found.items:,}" if found.items and not found.is_over else told


def _children(found: Status) -> str:
    if not found.children:
        return ""
    dead = f"; {found.dead:,} failed" if found.dead else ""
    if found.is_over:
        return f"{found.children:,}{dead}"
    ended = f"{found.ended_children:,} of {found.children:,} have ended"
    statuses = ", ".join(f"{number:,} {status.lower()}" for status, number in found.statuses.items())
    return f"{ended} ({statuses})" if statuses else ended


def _time(found: Status) -> str:
    began = datetime.fromtimestamp(found.started, UTC)
    return f"{duration(found.seconds)}, since {began:%Y-%m-%d %H:%M:%S} UTC"


def _cost(found: Status) -> str:
    planned = f"planned {figure(found.cost)} USD"
    if found.usd is None:
        return planned
    return f"{figure(found.usd)} USD{'' if found.is_over else ' so far'}, {planned}"


def _told(trouble: Trouble) -> Iterator[str]:
    """`12 items, Crashed (recipe): the worker died (exit code 3)`, an example and what to do below it."""
    what = f"{trouble.error_class} ({trouble.failure_class}): {one_line(trouble.message)}"
    yield f"{counted(trouble.count, 'item')}, {what}"
    where = ", ".join(
        text for text in (one_line(trouble.key), f"child {trouble.child}" if trouble.child else "") if text
    )
    if where:
        yield f"  example: {where}"
    yield f"  to do:   {trouble.fix}"
