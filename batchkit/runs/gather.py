"""The sources of a bulk run, from wherever they are named, one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batchkit.aws.inventory import list_inventory
from batchkit.aws.listing import THREADS, list_objects
from batchkit.aws.objects import Objects
from batchkit.errors import DataError
from batchkit.planning.selection import select
from batchkit.planning.source_spec import STDIN, InventoryManifest, Prefix
from batchkit.runs import key_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from batchkit.aws.clients import Clients
    from batchkit.aws.listing import Requests
    from batchkit.planning.manifest import Source
    from batchkit.planning.selection import Listed, Selection
    from batchkit.planning.source_spec import KeyFile, SourceSpec
    from batchkit.runs.duplicates import Repeats


def gather(
    spec: SourceSpec,
    selection: Selection,
    clients: Clients,
    stdin: BinaryIO | None = None,
    repeats: Repeats | None = None,
    *,
    requests: Requests | None = None,
) -> Iterator[Source]:
    """The sources that `spec` names and that fulfil `selection`; lazily, in constant memory.

    A prefix is listed in parallel, so its order is not promised; with a limit it is listed in order of
    keys, so that the same command chooses the same sources.
    `repeats` are the lines of a file that name what was named before: they are left out; `requests` counts
    the LIST requests of a prefix.
    Raises ConfigError, DataError, MissingExtra, PermissionDenied and Throttled while it is iterated.
    """
    if isinstance(spec, Prefix):
        threads = THREADS if selection.limit is None else 1
        return select(list_objects(clients.s3, spec.bucket, spec.prefix, threads, requests), selection)
    listed = _listed(spec, clients, stdin)
    return select(repeats.without(listed) if repeats else listed, selection)


def _listed(spec: InventoryManifest | KeyFile, clients: Clients, stdin: BinaryIO | None) -> Iterator[Listed]:
    if isinstance(spec, InventoryManifest):
        return list_inventory(Objects(clients.s3), spec.bucket, spec.key)
    return named(spec, stdin)


def named(spec: KeyFile, stdin: BinaryIO | None) -> Iterator[Listed]:
    """The objects that a file names, line by line. Raises DataError for a line that names none."""
    if spec.path == STDIN and stdin is not None:
        yield from key_lines.read(stdin, "standard input", spec.bucket)
        return
    try:
        with Path(spec.path).open("rb") as file:
            yield from key_lines.read(file, spec.path, spec.bucket)
    except OSError as error:
        raise DataError(
            "the file of keys cannot be read", found=str(error), expected="a file, or - for standard input"
        ) from error
