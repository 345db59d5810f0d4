"""`batchkit gallery`: look at what became of the sources."""

from __future__ import annotations

import time
import webbrowser
from dataclasses import asdict
from pathlib import Path

import click

from batchkit.aws.clients import Clients
from batchkit.aws.objects import Objects
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import human_bytes, print_json, print_mapping
from batchkit.cli.projects import load_here
from batchkit.errors import ConfigError
from batchkit.gallery import rebuilding, site
from batchkit.gallery.changing import Files
from batchkit.gallery.exporting import Exporter
from batchkit.gallery.server import serving
from batchkit.planning import names
from batchkit.project import Project
from batchkit.runs.bulk import Bulk
from batchkit.worker import stop

# How long a signal may go unnoticed.
LISTEN_SECONDS = 0.2


@click.command()
@click.option("--open", "show", is_flag=True, help="Serve it to this machine's browser until Ctrl-C.")
@click.option("--no-browser", is_flag=True, help="With --open: only print the address.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="With --open; 0: any free one.",
)
@click.option(
    "--export",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Copy page, data and outputs into a folder that opens from a disk.",
)
@click.option("--rebuild", is_flag=True, help="Make it of all that the ledger holds; reads the whole table.")
@config_option
@output_option
def command(
    *,
    show: bool,
    no_browser: bool,
    port: int,
    folder: Path | None,
    rebuild: bool,
    config: Path | None,
    output: str,
) -> None:
    """Look at what became of the sources, as pictures.

    The gallery is a static page in the output bucket. A bucket is private: --open serves the page with your
    own credentials, on 127.0.0.1 only; docs/gallery.md shows how others see it, through CloudFront.

    \b
    Examples:
      batchkit gallery
      batchkit gallery --open
      batchkit gallery --export holiday-gallery
    """
    if show + bool(folder) + rebuild > 1:
        raise click.UsageError("--open, --export and --rebuild are different things: give one of them.")
    project, clients = load_here(config), Clients()
    objects = Objects(clients.s3)
    if rebuild:
        _rebuild(project, clients)
    if folder:
        _export(project, objects, folder, output)
    elif show:
        _serve(project, objects, port, browse=not no_browser)
    else:
        _tell(project, objects, output)


def _rebuild(project: Project, clients: Clients) -> None:
    bulk = Bulk.of(project, clients)
    files = Files(bulk.objects, project.output.bucket)
    rebuilding.rebuild(
        bulk.ledger,
        bulk.objects,
        bulk.artifacts,
        files,
        lambda count: click.echo(f"{count:,} items of the ledger are in", err=True),
    )


def _tell(project: Project, objects: Objects, output: str) -> None:
    files, bucket = Files(objects, project.output.bucket), project.output.bucket
    directory = files.read(names.gallery_directory()) or {"parts": []}
    indexes = (files.read(names.gallery_index(part)) for part in directory["parts"])
    facts = {
        "page": f"s3://{bucket}/{site.key()}",
        "url": f"{project.gallery.url}{site.key()}" if project.gallery.url else "",
        "enabled": project.gallery.enabled,
        "deployed": objects.head(bucket, site.key()) is not None,
        "sources": sum(len(index["rows"]) for index in indexes if index),
    }
    if output == "json":
        print_json(facts)
    else:
        print_mapping(facts)


def _export(project: Project, objects: Objects, folder: Path, output: str) -> None:
    files = Files(objects, project.output.bucket)
    done = Exporter(objects, files, project.output.bucket, folder).export(
        project.name, project.gallery.url or ""
    )
    page = (folder / site.INDEX).resolve()
    if output == "json":
        print_json({**asdict(done), "page": str(page)})
    else:
        click.echo(f"{done.sources:,} sources, {done.outputs:,} outputs ({human_bytes(done.bytes)}): {page}")


def _serve(project: Project, objects: Objects, port: int, *, browse: bool) -> None:
    if objects.head(project.output.bucket, site.key()) is None:
        raise ConfigError(
            "the gallery's page is not there",
            found=f"no s3://{project.output.bucket}/{site.key()}",
            expected="the page, which deploying puts there",
            fix="batchkit deploy"
            if project.gallery.enabled
            else "enabled = true in [gallery]; batchkit deploy",
        )
    with serving(objects, project.output.bucket, port) as server, stop.listening() as told:
        click.echo(f"the gallery, for this machine only, until Ctrl-C: {server.url}")
        if browse:
            webbrowser.open(server.url)
        # Not an Event: a second signal inside `set()` would wait for its own lock for ever.
        while not told.requested:
            time.sleep(LISTEN_SECONDS)
