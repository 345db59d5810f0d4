"""The bad items of a run as the sources of a new one: dense, with only their tasks, and better provided for.

What ran out of memory gets twice as much; that, and what ran out of time, comes in shards half as large.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from batchkit.errors import DataError
from batchkit.planning import manifest
from batchkit.planning.failures import FailureClass
from batchkit.planning.manifest import Source
from batchkit.planning.resources import larger
from batchkit.planning.sizing import MODEL, Amount
from batchkit.planning.source_spec import KeyFile
from batchkit.planning.states import Outcome
from batchkit.project.sizes import Memory
from batchkit.runs.bulk import Request

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.objects import Objects
    from batchkit.planning.backfill import Plan
    from batchkit.project import Project
    from batchkit.runs.outcomes import Outcomes, Result

# What `--only` takes: the bad outcomes, and the failure classes.
FAILED, REJECTED = Outcome.FAILED.value, Outcome.REJECTED.value
KINDS = (FAILED, REJECTED, *(kind.value for kind in FailureClass))

HEAD_THREADS = 32
BLOCK = 512


@dataclass(frozen=True)
class Selected:
    """What is to be done again: a file of sources, and how many items of each failure class it has."""

    run: str
    sources: int
    items: int
    classes: Mapping[str, int]
    keys: Path


def select(
    outcomes: Outcomes, objects: Objects, tasks: Sequence[str], only: Iterable[str], folder: Path
) -> Selected:
    """Write the chosen bad items of a run, by source, into a file in `folder`.

    Rejected items are chosen only by name: nothing but another source or recipe would change them. Tasks
    that the recipe does not have any more (`tasks` are its) are left out. Memory does not grow with the run.
    Raises DataError for a run that has not ended.
    """
    run = outcomes.record["run"]
    if not outcomes.has_ended:
        raise DataError(
            f"the run '{run}' has not ended",
            found=f"state {outcomes.record['state']}",
            expected="a run whose children have all ended",
            fix=f"wait (batchkit status {run} --watch), or batchkit cancel {run}",
        )
    wanted, classes, keys = frozenset(only) or {FAILED}, Counter[str](), folder / "retry.jsonl"
    chosen = (one for one in outcomes.bad() if one.task in tasks and is_wanted(one, wanted))
    with closing(sqlite3.connect(folder / "retry.sqlite")) as store:
        _store(store, _counted(chosen, classes))
        sources = _write(_sized(_sources(store, tasks), objects), keys)
    return Selected(run, sources, classes.total(), dict(classes), keys)


def is_wanted(result: Result, only: frozenset[str] | set[str]) -> bool:
    """Whether an item is of one of the kinds: its outcome, or its failure class."""
    return result.outcome in only or result.failure_class in only


def request(selected: Selected, plan: Plan | None, only: Iterable[str]) -> Request:
    """What is asked of the bulk lane; `plan` is the one of the run that is retried, if it had one."""
    kinds = ", ".join(sorted(only))
    asked = Request(
        source=f"retry of {selected.run}" + (f" ({kinds})" if kinds else ""),
        spec=KeyFile(str(selected.keys)),
        keys=selected.keys,
        max_bad=plan.max_bad if plan else None,
    )
    too_large = {FailureClass.OOM.value, FailureClass.TIMEOUT.value} & set(selected.classes)
    if plan is None or not too_large:
        return asked
    amount = Amount(plan.sources, plan.bytes, plan.items)
    seconds = MODEL.seconds(amount, plan.vcpus) / plan.children / 2
    return replace(asked, seconds_per_child=max(min(seconds, asked.seconds_per_child), 1.0))


def provided(project: Project, plan: Plan | None, selected: Selected) -> Project:
    """The project, with larger children where some ran out of memory."""
    if FailureClass.OOM.value not in selected.classes:
        return project
    compute = project.compute
    vcpus = plan.vcpus if plan else compute.vcpus
    memory = plan.memory if plan else int(compute.memory)
    vcpus, memory = larger(compute.type, vcpus, memory)
    return replace(project, compute=msgspec.structs.replace(compute, vcpus=vcpus, memory=Memory(memory)))


def _counted(results: Iterable[Result], classes: Counter[str]) -> Iterator[tuple[str, str, str]]:
    for result in results:
        classes[result.failure_class] += 1
        yield result.bucket, result.key, result.task


def _store(store: sqlite3.Connection, items: Iterable[tuple[str, str, str]]) -> None:
    """On disk, because the items of one source come from two places: the ledger's index and dead children."""
    store.execute("CREATE TABLE items (bucket, key, task, PRIMARY KEY (bucket, key, task)) WITHOUT ROWID")
    store.executemany("INSERT OR IGNORE INTO items VALUES (?, ?, ?)", items)
    store.commit()


def _sources(store: sqlite3.Connection, tasks: Sequence[str]) -> Iterator[Source]:
    """One a source, in order of keys; `tasks` is left out where it is all of them."""
    rows = store.execute("SELECT bucket, key, json_group_array(task) FROM items GROUP BY bucket, key")
    for bucket, key, text in rows:
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
