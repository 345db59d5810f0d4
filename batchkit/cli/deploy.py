"""`batchkit deploy`: check, show what changes, ask, and do it."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.clients import Clients
from batchkit.cli import outputs_file
from batchkit.cli.changes_output import print_previews
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json, print_mapping
from batchkit.cli.projects import load_here
from batchkit.cli.stack_progress import StackProgress
from batchkit.deploy import code
from batchkit.deploy.deploy import execute, site
from batchkit.deploy.executor import AwsExecutor
from batchkit.deploy.plan import plan
from batchkit.deploy.preview import Previewer
from batchkit.deploy.tools import Tools
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.deploy.plan import Plan
    from batchkit.project import Project


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--image", metavar="URI", help="The worker's image, instead of building one.")
@config_option
@output_option
def command(dry_run: bool, yes: bool, image: str | None, config: Path | None, output: str) -> None:
    """Put the project onto AWS, or bring it up to date.

    \b
    Examples:
      batchkit deploy --dry-run
      batchkit deploy
      batchkit deploy --yes --output json

    Shows all changes and asks. Repeated, it changes nothing; interrupted, the same command goes on.
    """
    project, clients = load_here(config), Clients()
    steps, progress = plan(project, site(clients, project, image), code.pack()), StackProgress()
    with contextlib.closing(progress):
        tools = Tools.of(clients, project.name, progress)
        session = _Session(project, steps, tools, progress, clients.region, output)
        session.run(dry_run=dry_run, yes=yes)


@dataclass(frozen=True)
class _Session:
    """One command: what is to be deployed, and with what."""

    project: Project
    steps: Plan
    tools: Tools
    progress: StackProgress
    region: str | None
    output: str

    def run(self, *, dry_run: bool, yes: bool) -> None:
        with contextlib.ExitStack() as closing:
            previewer = Previewer(self.tools)
            closing.callback(previewer.discard)
            outputs = execute(self.steps, previewer)
            self.progress.close()
            if self.output != "json":
                print_previews(previewer.stacks, previewer.files)
            changed: list[str] = []
            if not dry_run and previewer.changes_anything:
                self._ask(yes=yes)
                executor = AwsExecutor(self.tools, previewer.take())
                closing.callback(executor.discard)
                outputs, changed = execute(self.steps, executor), executor.changed
                self.progress.close()
        if not dry_run:
            outputs_file.write(self.project, self.region, outputs)
        self._print_end(previewer, outputs, changed, dry_run=dry_run)

    def _ask(self, *, yes: bool) -> None:
        if yes:
            return
        if not sys.stdin.isatty():
            raise ConfigError(
                "nobody can be asked whether to make these changes",
                found="standard input is no terminal",
                fix="batchkit deploy --yes makes them, --dry-run only shows them",
            )
        click.confirm("\nMake these changes?", abort=True, err=True)

    def _print_end(
        self, previewer: Previewer, outputs: dict[str, str], changed: list[str], *, dry_run: bool
    ) -> None:
        if self.output == "json":
            facts: dict[str, Any] = {
                "project": self.project.name,
                "dry_run": dry_run,
                "changes": previewer.changes_anything,
                "changed": changed,
                "stacks": [one.as_json() for one in previewer.stacks],
                "files": [one.as_json() for one in previewer.files],
                "outputs": outputs,
            }
            print_json(facts)
            return
        if not previewer.changes_anything:
            click.echo("\nNothing to change: what is deployed is what batchkit.toml says.")
        elif dry_run:
            click.echo("\nNothing was changed: a dry run.")
        if outputs and not dry_run:
            click.echo()
            print_mapping(outputs)
