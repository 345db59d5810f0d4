"""The bad items of a run as the sources of a new one: dense, with only their tasks, and better provided for.

What ran out of memory becomes a run of its own with twice as much; that, and what ran out of time, comes in
shards half as large. Everything else is as it was: the size of the shards, and of the children. As it was,
that is, in the run that had the last word on an item: of a run that was retried before, one of its retries.
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
from batchkit.planning.resources import fitting, larger
from batchkit.planning.sizing import smaller
from batchkit.planning.source_spec import KeyFile
from batchkit.planning.states import Outcome
from batchkit.project.sizes import Memory
from batchkit.runs.requests import Request

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.objects import Objects
    from batchkit.planning.backfill import Plan
    from batchkit.project import Project
    from batchkit.runs.outcomes import Outcomes
    from batchkit.runs.results import Result

# What `--only` takes: the bad outcomes, and the failure classes.
FAILED, REJECTED = Outcome.FAILED.value, Outcome.REJECTED.value
OOM = FailureClass.OOM.value
# A child had more to do than it could.
TOO_LARGE = frozenset({OOM, FailureClass.TIMEOUT.value})
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
    outcomes: Outcomes,
    objects: Objects,
    tasks: Sequence[str],
    only: Iterable[str],
    folder: Path,
    *,
    memory: int,
) -> tuple[Selected, ...]:
    """Write the chosen bad items of a run, by source, into files in `folder`.

    What ran out of memory is a run of its own, with what was lost in children that had more of it than
    `memory`, the MiB that the project gives now: the others need no more. Of a run that was retried before,
    what is still bad is chosen. Rejected items are chosen only by name: nothing but another source or recipe
    would change them. Tasks that the recipe does not have any more (`tasks` are its) are left out. Memory
    does not grow with the run.

    Raises DataError for a run that has not ended, or whose retry has not: also for one that was broken off
    before it had a job, as it could still be continued, beside this one.
    """
    for one in (outcomes, *outcomes.retries, *outcomes.broken_off):
        _check_ended(one)
    wanted = frozenset(only) or {FAILED}
    chosen = (one for one in outcomes.bad() if one.task in tasks and is_wanted(one, wanted))
    with closing(sqlite3.connect(folder / "retry.sqlite")) as store:
        _store(store, chosen, _larger_ones(outcomes.plans, memory))
        lots = [_lot(store, outcomes.run, objects, tasks, folder, more=more) for more in (False, True)]
    return tuple(lot for lot in lots if lot.items)


def name(run: str, only: Iterable[str]) -> str:
    """What a run does that retries `run`, for people. Without `only`, those that failed are retried."""
    wanted = frozenset(only)
    kinds = "" if wanted <= {FAILED} else ", ".join(sorted(wanted))
    return f"retry of {run}" + (f" ({kinds})" if kinds else "")


def broken_off(outcomes: Outcomes, recipe: str, only: Iterable[str]) -> tuple[Plan, ...]:
    """The plans of those retries, of the same kinds and the recipe of digest `recipe`, whose submission broke
    off: to be continued before anything else is planned.

    Raises DataError when another retry has not ended: it may have some of the same items.
    """
    wanted = name(outcomes.run, only)
    same = (one for one in outcomes.broken_off if one.record.get("source") == wanted)
    found = {one.run: one.plan for one in same if one.plan.recipe == recipe}
    for one in outcomes.retries if found else ():
        if one.run not in found:
            _check_ended(one)
    return tuple(found.values())


def _check_ended(outcomes: Outcomes) -> None:
    if not outcomes.has_ended:
        run = outcomes.run
        cancel = f"batchkit cancel {run}"
        repeat = f"repeat the command that began to submit it ({outcomes.source})"
        begun = repeat if outcomes.is_broken_off else ""
        raise DataError(
            f"the run '{run}' has not ended",
            found=f"state {outcomes.record['state']}" + (", not all of its jobs submitted" if begun else ""),
            expected="a run whose children have all ended",
            fix=f"{begun or f'wait (batchkit status {run} --watch)'}, or {cancel}",
        )


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


def is_wanted(result: Result, only: frozenset[str] | set[str]) -> bool:
    """Whether an item is of one of the kinds: its outcome, or its failure class."""
    return result.outcome in only or result.failure_class in only


def request(selected: Selected, plans: Mapping[str, Plan], only: Iterable[str], tasks: int) -> Request:
    """What is asked of the bulk lane; `plans` are those of the run that is retried and of its retries.

    The children are at most as large as theirs were, counted in sources, for a recipe of `tasks`; where some
    were too large, they are half as large.
    """
    asked = Request(
        source=name(selected.run, only),
        spec=KeyFile(str(selected.keys)),
        keys=selected.keys,
        part=OOM if selected.needs_memory else "",
        most_per_child=_most_per_child(selected, plans, tasks),
    )
    first = plans.get(selected.run)
    return replace(asked, model=first.model, max_bad=first.max_bad) if first else asked


def provided(project: Project, plans: Mapping[str, Plan], selected: Selected) -> Project:
    """The project, with children no smaller than those that its items were lost in; with larger ones than
    those that were too small for them."""
    compute = project.compute
    own = (compute.vcpus, int(compute.memory))
    vcpus, memory = own
    for run, kind in selected.bad:
        had = (plans[run].vcpus, plans[run].memory) if run in plans else own
        needed = larger(compute.type, *had) if kind == OOM else had
        vcpus, memory = max(vcpus, needed[0]), max(memory, needed[1])
    vcpus, memory = fitting(compute.type, vcpus, memory)
    return replace(project, compute=msgspec.structs.replace(compute, vcpus=vcpus, memory=Memory(memory)))


def _most_per_child(selected: Selected, plans: Mapping[str, Plan], tasks: int) -> int | None:
    """Items that a child may do at most; None where no plan says anything of it."""
    known = [(plans[run], kind) for run, kind in selected.bad if run in plans]
    halves = [smaller(_per_child(plan, tasks), tasks) for plan, kind in known if kind in TOO_LARGE]
    # Where there was only one child, there was no more to do: that is no bound.
    same = [_per_child(plan, tasks) for plan, kind in known if kind not in TOO_LARGE and plan.children > 1]
    return min((*halves, *same), default=None)


def _per_child(plan: Plan, tasks: int) -> int:
    """What a child of the plan did at most, for a recipe of `tasks`."""
    before = len(plan.tasks)
    most = min(plan.per_child, plan.sources * before)
    return most // before * tasks if most >= before else min(most, tasks)


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
