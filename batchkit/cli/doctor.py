"""`batchkit doctor`: what is wrong with what is deployed, or with this machine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import click

from batchkit.aws.clients import Clients
from batchkit.cli.main import EXTRAS
from batchkit.cli.options import config_option, environment, output_option
from batchkit.cli.output import count, one_line, print_json, print_mapping
from batchkit.cli.projects import is_here, load_here, load_or_example
from batchkit.deploy.doctor.finding import Finding, System
from batchkit.deploy.doctor.looks import LOOKS, examine
from batchkit.errors import EX_DATAERR, BatchkitError
from batchkit.local.doctor import looks as local_looks
from batchkit.local.doctor.machine import this_machine
from batchkit.project import Project


@click.command()
@click.option("--local", is_flag=True, help="Look at this machine instead; needs no AWS and no project.")
@config_option
@output_option
def command(local: bool, config: Path | None, output: str) -> int:
    """Look at what is deployed, and say what is wrong, why it matters, and what to do.

    Reads only. Looks at stacks, drift from batchkit.toml, the image, notifications, rules, compute
    environments, queues with jobs that wait, old revisions, Spot, dead letters, lost events and alarms.

    With --local: at Python, extras, the project's job, Docker, the local stack's port and AWS_ENDPOINT_URL,
    what killed stacks left behind, the temporary folder, and whether a crash of the job can be contained.

    Exits 65 when it finds something; a note is worth knowing, and nothing wrong.

    \b
    Examples:
      batchkit doctor
      batchkit doctor --output json | jq '.findings[].fix'
      batchkit doctor --local
    """
    if local:
        return _this_machine(config, output)
    system = System.of(load_here(config), Clients())
    found = list(examine(system))
    if output == "json":
        print_json({"project": system.project.name, "findings": [one.as_json() for one in found]})
    else:
        _print_all(found, LOOKS)
    return EX_DATAERR if found else 0


def _this_machine(config: Path | None, output: str) -> int:
    project = _project(config)
    machine = this_machine(project, environment(), EXTRAS)
    found = list(local_looks.examine(machine))
    facts = local_looks.facts(machine)
    if output == "json":
        name = project.name if isinstance(project, Project) and is_here(config) else None
        print_json({"project": name, "machine": facts, "findings": [one.as_json() for one in found]})
    else:
        print_mapping(facts)
        click.echo()
        _print_all(found, local_looks.LOOKS)
    return EX_DATAERR if any(not one.note for one in found) else 0


def _project(config: Path | None) -> Project | BatchkitError:
    """The project here, else the example; what keeps it from being loaded is something to be found."""
    try:
        return load_or_example(config)
    except BatchkitError as error:
        return error


def _print_all(found: Sequence[Finding], looks: Collection[str]) -> None:
    for finding in found:
        _print(finding)
    notes = sum(one.note for one in found)
    faults = len(found) - notes
    verdict = f", {count(faults, 'finding')}" if faults else ": all is well"
    click.echo(f"{len(looks)} looks{verdict}" + (f", {count(notes, 'note')}" if notes else ""))


def _print(finding: Finding) -> None:
    colour = "cyan" if finding.note else "yellow" if finding.unknown else "red"
    mark = " (note)" if finding.note else ""
    click.echo(f"{click.style(finding.check, fg=colour, bold=True)}{mark}  {one_line(finding.what)}")
    click.echo(f"  why:   {one_line(finding.why)}\n  to do: {one_line(finding.fix)}\n")
