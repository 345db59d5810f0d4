"""`batchkit check`: what batchkit.toml stands for, or what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import human_bytes, print_json, print_mapping
from batchkit.cli.projects import load_here
from batchkit.planning.outputs import output_key

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.project import Project


@click.command()
@click.option("--aws", is_flag=True, help="Also what `deploy` asks AWS before it changes anything.")
@config_option
@output_option
def command(aws: bool, config: Path | None, output: str) -> None:
    """Read batchkit.toml and say what it stands for.

    Exits 78 with the file, the table and the key if something is wrong. With --aws it looks at credentials,
    region, names, notifications, the network, the image, the kind of machines, quotas and the bus's rules
    with wildcards, and exits 78 if a check fails.

    \b
    Examples:
      batchkit check
      batchkit check --aws --output json
    """
    project = load_here(config)
    facts = summary(project)
    if aws:
        from batchkit.cli.aws_checks import check_aws  # noqa: PLC0415  (only this needs boto3)

        check_aws(project, facts, output)
    elif output == "json":
        print_json(facts)
    else:
        print_mapping({**facts, "tasks": ", ".join(facts["tasks"]), "outputs": ", ".join(facts["outputs"])})


def summary(project: Project) -> dict[str, Any]:
    """The project in a few facts: what is watched, what one upload becomes, and the recipe's digest."""
    sample = project.upload.prefix + "photo" + project.upload.suffixes[0]
    tasks = project.recipe.tasks
    return {
        "file": str(project.path),
        "project": project.name,
        "watches": f"s3://{project.upload.bucket}/{project.upload.prefix}*",
        "accepts": f"{', '.join(project.upload.suffixes)} up to {human_bytes(int(project.upload.max_bytes))}",
        "compute": f"{project.compute.type}, at most {project.compute.max_vcpus} vCPUs",
        "sweeps": _sweeps(project),
        "alarms": (project.alarms.email or "to whom subscribes") if project.alarms else "none",
        "job": project.uses,
        "recipe": project.recipe.digest,
        "tasks": [task.name for task in tasks],
        "example": f"s3://{project.upload.bucket}/{sample}",
        "outputs": [output_key(project.output.key, sample, task.name, task.extension) for task in tasks],
    }


def _sweeps(project: Project) -> str:
    schedule = project.schedule
    return f"{schedule.sweep} in {schedule.timezone}" if schedule.sweep else "only when asked"
