"""The bad items of a run as the sources of a new one: dense, and with only their tasks.

What ran out of memory becomes a run of its own.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from batchkit.planning import manifest
from batchkit.planning.diagnoses import FailureClass
from batchkit.planning.manifest import Source
from batchkit.planning.states import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.objects import Objects
    from batchkit.planning.backfill import Plan
    from batchkit.runs.results import Result
    from batchkit.runs.retry import Family

# What `--only` takes: the bad outcomes, and the failure classes.
FAILED, REJECTED = Outcome.FAILED.value, Outcome.REJECTED.value
OOM = FailureClass.OOM.value
KINDS = (FAILED, REJECTED, *(kind.value for kind in FailureClass))

HEAD_THREADS = 32
BLOCK = 512


@dataclass(frozen=True)
class Selected:
    """What is to be done again as one run: a file of sources, and how many items went wrong in which run and
    class.

    `needs_memory`: all of them ran out of it, or had more already than the project gives.
    """

    run: str
    sources: int
    bad: Mapping[tuple[str, str], int]
    keys: Path
    needs_memory: bool = False

    @property
    def items(self) -> int:
        return sum(self.bad.values())

    @property
    def classes(self) -> Mapping[str, int]:
        """Items by failure class."""
        found = Counter[str]()
        for (_, kind), number in self.bad.items():
            found[kind] += number
        return dict(found)


def select(
    family: Family, objects: Objects, tasks: Sequence[str], only: Iterable[str], folder: Path, *, memory: int
) -> tuple[Selected, ...]:
    """Write the chosen bad items of a run, by source, into files in `folder`.

    What ran out of memory is a run of its own, with what was lost in children that had more of it than
    `memory`, the MiB that the project gives now: the others need no more. Of a run that was retried before,
    what is still bad is chosen. Rejected items are chosen only by name: nothing but another source or recipe
    would change them. Tasks that the recipe does not have any more (`tasks` are its) are left out. Memory
    does not grow with the run, unless it is a retry itself (see `Family.bad`).
    """
    wanted = frozenset(only) or {FAILED}
    chosen = (one for one in family.bad() if one.task in tasks and is_wanted(one, wanted))
    with closing(sqlite3.connect(folder / "retry.sqlite")) as store:
        _store(store, chosen, _larger_ones(family.plans, memory))
        lots = [_lot(store, family.chosen.run, objects, tasks, folder, more=more) for more in (False, True)]
    return tuple(lot for lot in lots if lot.items)


def is_wanted(result: Result, only: frozenset[str] | set[str]) -> bool:
    """Whether an item is of one of the kinds: its outcome, or its failure class."""
    return result.outcome in only or result.failure_class in only


def _larger_ones(plans: Mapping[str, Plan], memory: int) -> frozenset[str]:
    """The runs whose children had more than all get: what Spot took of them still needs it."""
    return frozenset(run for run, plan in plans.items() if plan.memory > memory)


def _lot(
    store: sqlite3.Connection,
    run: str,
    objects: Objects,
    tasks: Sequence[str],
    folder: Path,
    *,
    more: bool,
) -> Selected:
    keys = folder / ("oom.jsonl" if more else "retry.jsonl")
    counted = "SELECT run, class, count(*) FROM items WHERE more = ? GROUP BY run, class ORDER BY run, class"
    bad = {(before, kind): number for before, kind, number in store.execute(counted, (more,))}
    sources = _write(_sized(_sources(store, tasks, more=more), objects), keys)
    return Selected(run, sources, bad, keys, needs_memory=more)


def _store(store: sqlite3.Connection, items: Iterable[Result], larger_ones: frozenset[str]) -> None:
    """On disk, because the items of one source come from two places: the ledger's index and dead children."""
    columns = "bucket, key, task, run, class, more"
    store.execute(f"CREATE TABLE items ({columns}, PRIMARY KEY (bucket, key, task)) WITHOUT ROWID")
    rows = (
        (
            one.bucket,
            one.key,
            one.task,
            one.run,
            one.failure_class,
            one.failure_class == OOM or one.run in larger_ones,
        )
        for one in items
    )
    store.executemany("INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?, ?, ?)", rows)
    store.commit()


def _sources(store: sqlite3.Connection, tasks: Sequence[str], *, more: bool) -> Iterator[Source]:
    """One a source, in order of keys; `tasks` is left out where it is all of them."""
    grouped = "SELECT bucket, key, json_group_array(task) FROM items WHERE more = ? GROUP BY bucket, key"
    for bucket, key, text in store.execute(grouped, (more,)):
        found = set(msgspec.json.decode(text))
        some = tuple(task for task in tasks if task in found)
        yield Source(bucket, key, tasks=() if len(some) == len(tasks) else some)


def _sized(sources: Iterator[Source], objects: Objects) -> Iterator[Source]:
    """With size and etag, for the plan; a source that is gone stays, and the run will say so."""
    with ThreadPoolExecutor(HEAD_THREADS, "head") as pool:
        while block := list(islice(sources, BLOCK)):
            heads = pool.map(lambda source: objects.head(source.bucket, source.key), block)
            for source, head in zip(block, heads, strict=True):
                yield (msgspec.structs.replace(source, etag=head.etag, size=head.size) if head else source)


def _write(sources: Iterable[Source], path: Path) -> int:
    lines = 0
    with path.open("wb") as file:
        for chunk, _ in manifest.write(sources):
            file.write(chunk)
            lines += chunk.count(b"\n")
    return lines
