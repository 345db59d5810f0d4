"""`batchkit gc`: outputs whose source is gone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import click

from batchkit.aws.clients import Clients
from batchkit.cli.options import config_option, output_option
from batchkit.cli.output import counted, human_bytes, print_json_list, print_pages
from batchkit.cli.projects import load_here
from batchkit.runs.bulk import Bulk
from batchkit.runs.gc import Garbage, Orphan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

COLUMNS = ("output", "size", "source", "deleted")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list them: what also happens without --yes.")
@click.option("--yes", is_flag=True, help="Delete them.")
@config_option
@output_option
def command(dry_run: bool, yes: bool, config: Path | None, output: str) -> None:
    """List, and with --yes delete, the outputs whose source is gone.

    An output counts only if its run says what its source was, and that is not there any more. Objects
    that batchkit did not make are never touched.

    \b
    Examples:
      batchkit gc
      batchkit gc --yes
    """
    bulk = Bulk.of(load_here(config), Clients())
    garbage = Garbage(bulk.project, bulk.objects, bulk.ledger, bulk.artifacts)
    s3 = bulk.clients.s3
    found: Iterable[tuple[Orphan, bool]] = zip(garbage.orphans_of(s3), repeat(False))
    if yes and not dry_run:
        found = garbage.removed(s3)
    if output == "json":
        print_json_list({**orphan.as_json(), "deleted": deleted} for orphan, deleted in found)
        return
    bucket, total = bulk.project.output.bucket, _Total()
    print_pages(COLUMNS, (_cells(bucket, *one) for one in total.count(found)))
    click.echo(total, err=True)


@dataclass
class _Total:
    """What was listed, in a line."""

    outputs: int = 0
    bytes: int = 0
    deleted: int = 0

    def count(self, found: Iterable[tuple[Orphan, bool]]) -> Iterator[tuple[Orphan, bool]]:
        for orphan, deleted in found:
            self.outputs += 1
            self.bytes += orphan.bytes
            self.deleted += deleted
            yield orphan, deleted

    def __str__(self) -> str:
        outputs = counted(self.outputs, "output")
        return f"{outputs} ({human_bytes(self.bytes)}) without a source, {self.deleted:,} deleted"


def _cells(bucket: str, orphan: Orphan, deleted: bool) -> tuple[str, ...]:
    size = human_bytes(orphan.bytes)
    return f"s3://{bucket}/{orphan.key}", size, orphan.source, "yes" if deleted else "no"
