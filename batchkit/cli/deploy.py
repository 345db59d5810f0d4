"""`batchkit deploy`: check, show what changes, ask, and do it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from batchkit.aws.account import account_id
from batchkit.aws.clients import Clients
from batchkit.cli import outputs_file, worker_images
from batchkit.cli.changes_output import print_previews
from batchkit.cli.checks_output import print_results
from batchkit.cli.idle_output import idle, print_idle
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import print_json, print_mapping
from batchkit.cli.projects import load_here
from batchkit.cli.stack_progress import StackProgress
from batchkit.deploy import code
from batchkit.deploy.checks.checks import check, require
from batchkit.deploy.checks.result import Place
from batchkit.deploy.deploy import execute, site
from batchkit.deploy.executor import AwsExecutor
from batchkit.deploy.plan import plan
from batchkit.deploy.preview import Previewer
from batchkit.deploy.tools import Tools
from batchkit.errors import ConfigError
from batchkit.planning.idle_cost import total

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.deploy.worker_image import WorkerImage


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

    Checks, builds the image, shows all changes and what they cost while idle, asks, and makes them. Repeated,
    it changes nothing; interrupted, the same command goes on.
    """
    project, clients, progress = load_here(config), Clients(), StackProgress()
    with contextlib.closing(progress):
        tools = Tools.of(clients, project.name, progress)
        account = account_id(clients.sts)
        chosen = worker_images.choose(project, clients, tools.stacks, account, image, dry_run=dry_run)
        where = site(clients, project, chosen.uri)
        place = Place(project, clients, where, plan(project, where, code.pack()))
        _Session(place, tools, chosen, progress, output).run(dry_run=dry_run, yes=yes)


@dataclass(frozen=True)
class _Session:
    """One command: what is to be deployed, and with what."""

    place: Place
    tools: Tools
    image: WorkerImage
    progress: StackProgress
    output: str
    changed: list[str] = field(default_factory=list)

    def run(self, *, dry_run: bool, yes: bool) -> None:
        self._check()
        with contextlib.ExitStack() as closing:
            previewer = Previewer(self.tools)
            closing.callback(previewer.discard)
            outputs = execute(self.place.steps, previewer)
            self.progress.close()
            self._show(previewer)
            if (previewer.changes_anything or self.image.is_new) and not dry_run:
                _ask(yes=yes)
                executor = AwsExecutor(self.tools, previewer.take(), self.image)
                closing.callback(executor.discard)
                with _interruption_told():
                    outputs = execute(self.place.steps, executor)
                self.progress.close()
                self.changed.extend(executor.changed)
        if not dry_run:
            outputs_file.write(self.place.project, self.place.site.region, outputs)
        self._print_end(previewer, outputs, dry_run=dry_run)

    def _check(self) -> None:
        results = list(check(self.place))
        print_results((one for one in results if one.verdict in {"warning", "unknown"}), err=True)
        require(results)

    def _show(self, previewer: Previewer) -> None:
        if self.output == "json":
            return
        print_previews(previewer.stacks, previewer.files)
        if self.image.is_new:
            click.echo(f"image {self.image.uri} is not in its repository yet: it is pushed")
        if previewer.changes_anything:
            print_idle(idle(self.place.steps, self.place.site))

    def _print_end(self, previewer: Previewer, outputs: dict[str, str], *, dry_run: bool) -> None:
        if self.output == "json":
            lines = idle(self.place.steps, self.place.site)
            facts: dict[str, Any] = {
                "project": self.place.project.name,
                "dry_run": dry_run,
                "changes": previewer.changes_anything,
                "changed": self.changed,
                "image": self.image.uri,
                "stacks": [one.as_json() for one in previewer.stacks],
                "files": [one.as_json() for one in previewer.files],
                "idle_usd_a_month": round(total(lines), 2),
                "idle": [line.as_json() for line in lines],
                "outputs": outputs,
            }
            print_json(facts)
            return
        if not (previewer.changes_anything or self.image.is_new):
            click.echo("\nNothing to change: what is deployed is what batchkit.toml says.")
        elif dry_run:
            click.echo("\nNothing was changed: a dry run.")
        if outputs and not dry_run:
            click.echo()
            print_mapping(outputs)


@contextlib.contextmanager
def _interruption_told() -> Iterator[None]:
    """What has begun goes on without this command."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\nCloudFormation goes on; `batchkit deploy` waits for it and does the rest.", err=True)
        raise


def _ask(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            "nobody can be asked whether to make these changes",
            found="standard input is no terminal",
            fix="batchkit deploy --yes makes them, --dry-run only shows them",
        )
    click.confirm("\nMake these changes?", abort=True, err=True)
