"""`batchkit init`: a working project in an empty folder."""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batchkit.cli.options import output_option
from batchkit.cli.output import print_json
from batchkit.errors import ConfigError
from batchkit.project import scaffold

if TYPE_CHECKING:
    from collections.abc import Iterable

TOKEN_BYTES = 3


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--name", help="The project's name; without it, the folder's.")
@click.option("--job", is_flag=True, help="A job of your own that has nothing to do with images.")
@output_option
def command(folder: Path, name: str | None, job: bool, output: str) -> None:
    """Write a working project into FOLDER: configuration, tests, Dockerfile, CI.

    \b
    Examples:
      batchkit init photos
      batchkit init --job documents && cd documents && pytest

    Nothing that exists is overwritten.
    """
    name = scaffold.project_name(name or folder.resolve().name)
    made = scaffold.files(scaffold.JOB if job else scaffold.IMAGES, name, secrets.token_hex(TOKEN_BYTES))
    _check_room(folder, made)
    for path, body in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    if output == "json":
        print_json({"project": name, "folder": str(folder.resolve()), "files": list(made)})
        return
    click.echo(f"project {name} in {folder.resolve()}:\n")
    click.echo("\n".join(f"  {path}" for path in made))
    where = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    click.echo(f"\nnext:  {where}pip install -r requirements.txt && pytest")


def _check_room(folder: Path, made: Iterable[str]) -> None:
    taken = [path for path in made if (folder / path).exists()]
    if taken:
        raise ConfigError(
            f"{folder.resolve()} has files that a new project would overwrite",
            found=", ".join(taken),
            expected="a folder without them",
            fix="choose another folder, or move them away",
        )
