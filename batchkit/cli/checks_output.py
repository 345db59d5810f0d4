"""The results of checks onto standard output."""

from __future__ import annotations

from collections.abc import Iterable

import click

from batchkit.cli.output import one_line
from batchkit.deploy.checks.result import Result

COLOURS = {"ok": "green", "warning": "yellow", "unknown": "yellow", "failed": "red"}


def print_results(results: Iterable[Result], *, err: bool = False) -> None:
    """One line each, and what to do where it is not well."""
    for one in results:
        verdict = click.style(f"{one.verdict:<8}", fg=COLOURS[one.verdict])
        click.echo(f"{verdict} {one.check:<14} {one_line(one.found)}", err=err)
        if one.verdict != "ok" and one.fix:
            click.echo(f"{'':<23} to do: {one_line(one.fix)}", err=err)
