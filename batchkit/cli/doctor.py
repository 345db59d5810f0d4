"""`batchkit doctor`: what is wrong with what is deployed."""

from __future__ import annotations

from pathlib import Path

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import one_line, print_json
from batchkit.cli.projects import load_here
from batchkit.deploy.doctor.finding import Finding, System
from batchkit.deploy.doctor.looks import LOOKS, examine
from batchkit.errors import EX_DATAERR


@click.command()
@config_option
@output_option
def command(config: Path | None, output: str) -> int:
    """Look at what is deployed, and say what is wrong, why it matters, and what to do.

    Reads only. Looks at stacks, drift from batchkit.toml, the image, notifications, rules, compute
    environments, queues with jobs that wait, old revisions, Spot, dead letters, lost events and alarms.
    Exits 65 when it finds something.

    \b
    Examples:
      batchkit doctor
      batchkit doctor --output json | jq '.findings[].fix'
    """
    system = System.of(load_here(config), Clients())
    found = list(examine(system))
    if output == "json":
        print_json({"project": system.project.name, "findings": [one.as_json() for one in found]})
    else:
        for finding in found:
            _print(finding)
        click.echo(
            f"{len(LOOKS)} looks, {len(found)} findings" if found else f"{len(LOOKS)} looks: all is well"
        )
    return EX_DATAERR if found else 0


def _print(finding: Finding) -> None:
    colour = "yellow" if finding.unknown else "red"
    click.echo(f"{click.style(finding.check, fg=colour, bold=True)}  {one_line(finding.what)}")
    click.echo(f"  why:   {one_line(finding.why)}\n  to do: {one_line(finding.fix)}\n")
