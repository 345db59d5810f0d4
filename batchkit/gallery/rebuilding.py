"""The gallery of all that the ledger holds: for a project that had none, or whose files are gone."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from batchkit.errors import DataError
from batchkit.gallery import history
from batchkit.gallery.records import Record, Run, record
from batchkit.gallery.updating import update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from batchkit.aws.ledger import Ledger
    from batchkit.aws.objects import Objects
    from batchkit.gallery.changing import Files

# Items that are joined together: the more, the fewer times each shelf is written. Some 200 MB of memory.
BATCH_ITEMS = 100_000
# Runs whose facts are kept; each upload is one.
KNOWN_RUNS = 100_000


def rebuild(
    ledger: Ledger, objects: Objects, artifacts: str, files: Files, heard: Callable[[int], None]
) -> None:
    """Join all items of the ledger into the gallery, telling `heard` how many there were so far.

    Reads the whole table, eventually consistent. Nothing is taken away, and events may come meanwhile.
    """

    @lru_cache(KNOWN_RUNS)
    def shown(run: str) -> Run | None:
        known = ledger.run(run)
        try:
            return history.shown(objects, artifacts, known) if known and "state" in known else None
        except DataError:  # its recipe is gone: the items say enough
            return None

    left, count = ledger.all_items(), 0
    while batch := list(islice(left, BATCH_ITEMS)):
        update(files, _records(batch, shown))
        heard(count := count + len(batch))


def _records(items: Iterable[dict[str, Any]], shown: Callable[[str], Run | None]) -> Iterator[Record]:
    sources: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        sources[item["bucket"], item["key"]].append(item)
    for (bucket, key), found in sources.items():
        runs = {item["run"]: shown(item["run"]) for item in found}
        yield record(bucket, key, found, {name: run for name, run in runs.items() if run})
