"""A run's progress onto standard error: a bar on a terminal, a line now and then in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn
from rich.text import Text

from batchkit.cli.output import console, counted, is_terminal, money
from batchkit.cli.plan_output import duration

if TYPE_CHECKING:
    from batchkit.runs.watch import Progress as Look


class Display(Protocol):
    """What shows a look at a run."""

    def __call__(self, look: Look) -> None: ...


def show(looks: Iterable[Look]) -> Look | None:
    """Show all looks at a run; the last one."""
    last = None
    with _display() as display:
        for look in looks:
            display(look)
            last = look
    return last


@contextmanager
def _display() -> Iterator[Display]:
    if not is_terminal(sys.stderr):
        yield _Lines()
        return
    with Live(console=console(stderr=True)) as live:
        yield Bar(live)


class Bar:
    """The facts, and below them a bar of its own line: together they are wider than most terminals."""

    def __init__(self, live: Live) -> None:
        self._live = live
        columns = BarColumn(None), TaskProgressColumn(), TimeElapsedColumn()
        self._progress = Progress(*columns, console=live.console, expand=True)
        self._task = self._progress.add_task("")

    def __call__(self, look: Look) -> None:
        self._progress.update(self._task, total=look.items, completed=look.counts.items)
        self._live.update(Group(Text(line(look)), self._progress), refresh=True)


class _Lines:
    def __init__(self) -> None:
        self._last = ""

    def __call__(self, look: Look) -> None:
        text = line(look)
        if text != self._last:
            click.echo(text, err=True)
        self._last = text


def line(look: Look) -> str:
    """`b-… RUNNING  12/40 children  1,200/4,000 items, 2 rejected  31.0/s  ETA 1 min 30 s  0.02 USD`"""
    counts = look.counts
    trouble = {"failed": counts.failed, "rejected": counts.rejected}
    items = [
        f"{counts.items:,}/{counted(look.items, 'item')}",
        *(f"{n:,} {word}" for word, n in trouble.items() if n),
    ]
    children = [f"{look.ended_children:,}/{counted(look.children, 'child', 'children')}"]
    if look.failed_children:
        children.append(f"{look.failed_children:,} failed")
    parts = [f"{look.run} {look.state.value}", ", ".join(children), ", ".join(items)]
    if not look.is_over:
        parts.append(f"{look.rate:,.1f}/s")
        parts += [f"ETA {duration(look.eta)}"] if look.eta is not None else []
    return "  ".join([*parts, money(look.usd)])
