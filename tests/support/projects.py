"""A project to deploy, whose job has as many tasks as a test wants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchkit.deploy.deploy import deploy
from batchkit.job import Original, Output, Task
from batchkit.project.load import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from batchkit.aws.clients import Clients
    from batchkit.project import Project

TOML = """
[project]
name = "photos"

[upload]
bucket = "photos-originals"
prefix = "uploads/"
suffixes = [".jpg"]
max_bytes = "200 MB"

[output]
bucket = "photos-variants"
key = "{{dir}}/{{stem}}/{{task}}.{{ext}}"

[compute]
type = "{compute}"

[job]
uses = "support.projects:Copies"
tasks = {tasks}
"""


class Copies:
    """A job with `tasks` tasks, each the source as it is."""

    version = "1"

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        return [Task(name=f"copy-{number}", extension="bin") for number in range(recipe["tasks"])]

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterable[Output]:
        for task in tasks:
            yield Output(task.name, original.body, "application/octet-stream")


def photos(tasks: int, compute: str = "fargate-spot") -> Project:
    """The project `photos`."""
    return parse(TOML.format(tasks=tasks, compute=compute), Path("batchkit.toml"))


def deployed(clients: Clients, project: Project) -> dict[str, str]:
    """The outputs of the project's stacks, deployed."""
    return deploy(project, clients)
