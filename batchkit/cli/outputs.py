"""`batchkit outputs`: names, URLs and ARNs of what is deployed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click

from batchkit.aws.clients import Clients
from batchkit.aws.stacks import Stacks
from batchkit.cli import outputs_file
from batchkit.cli.options import config_option
from batchkit.cli.output import print_json, print_mapping
from batchkit.cli.projects import load_here
from batchkit.deploy import inventory
from batchkit.project import Project


@click.command()
@click.option("--offline", is_flag=True, help="What the last deployment from this folder told; asks nobody.")
@config_option
@click.option(
    "--output",
    "-o",
    type=click.Choice(["table", "json", "env"]),
    default="table",
    show_default=True,
    help="How to print them; env is for `eval`.",
)
def command(offline: bool, config: Path | None, output: str) -> None:
    """Print names, URLs and ARNs of what is deployed.

    \b
    Examples:
      batchkit outputs
      eval "$(batchkit outputs -o env)" && aws s3 ls "$BATCHKIT_UPLOAD_BUCKET"
    """
    project = load_here(config)
    facts = outputs_file.read(project) if offline else _live(project)
    if output == "json":
        print_json(facts)
    elif output == "env":
        for name, value in facts["outputs"].items():
            click.echo(f"export {variable(name)}={shlex.quote(value)}")
    else:
        print_mapping(facts["outputs"])


def _live(project: Project) -> dict[str, Any]:
    clients = Clients()
    found = inventory.deployed(Stacks(clients.cloudformation), project.name)
    told = inventory.outputs(found, project.name)
    return {"project": project.name, "region": clients.region, "outputs": told}


def variable(output: str) -> str:
    """`LedgerTableArn` → `BATCHKIT_LEDGER_TABLE_ARN`"""
    return "BATCHKIT_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", output).upper()
