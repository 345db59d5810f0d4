"""What the gallery tells of a source: the current state of its items, and the runs that touched it.

Records are joined, never replaced: each item by its version in the ledger, each run by its state, so the
result does not depend on the order in which events come, nor on how often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from batchkit.planning import names
from batchkit.planning.states import RunState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Of a source that is processed again and again, the latest are shown.
MAX_RUNS = 20

# Of an item in the ledger. The rest (its keys, its run's order) says nothing to people.
SHOWN = (
    "version",
    "outcome",
    "run",
    "modified",
    "etag",
    "output",
    "bytes",
    "attempt",
    "milliseconds",
    "error_class",
    "message",
    "facts",
    "updated",
)
_RANKS = {state.value: rank for rank, state in enumerate(RunState)}

Item = dict[str, Any]


class Run(TypedDict):
    """A run as a source's history shows it; times in epoch seconds, `job` as a recipe names it."""

    lane: str
    state: str
    job: str
    started: int
    stopped: int


class Record(TypedDict):
    """A source. Its items are the ledger's, each with `source`: the size in bytes of the upload that it is
    of, 0 where nobody knows it."""

    bucket: str
    key: str
    items: dict[str, Item]
    runs: dict[str, Run]


def record(
    bucket: str,
    key: str,
    items: Iterable[Mapping[str, Any]],
    runs: Mapping[str, Run],
    *,
    size: int = 0,
    etag: str = "",
) -> Record:
    """What the ledger's items of a source, and one run, say of it; `size` is that of the upload `etag`."""
    shown = {item["task"]: _shown(item, size, etag) for item in items}
    return Record(bucket=bucket, key=key, items=shown, runs=dict(runs))


def _shown(item: Mapping[str, Any], size: int, etag: str) -> Item:
    known = size if item["etag"] == etag else item["facts"].get("source-bytes", 0)
    return {**{name: item[name] for name in SHOWN}, "source": known}


def joined(one: Record, other: Record) -> Record:
    """All that both records know, in whatever order they are given."""
    items = dict(one["items"])
    for task, item in other["items"].items():
        if task not in items or _precedence(items[task]) < _precedence(item):
            items[task] = item
    runs = _joined_runs(one["runs"], other["runs"])
    return Record(bucket=one["bucket"], key=one["key"], items=items, runs=runs)


def _precedence(item: Item) -> tuple[str, int]:
    return item["version"], item["source"]


def current(record: Record) -> dict[str, Item]:
    """The items of the latest upload: one of an older upload is neither shown first nor counted."""
    latest = max((item["modified"] for item in record["items"].values()), default=0)
    found = {task: item for task, item in record["items"].items() if item["modified"] == latest}
    # A refused upload has one item for all tasks; of the same second as real ones, it says nothing more.
    return {task: item for task, item in found.items() if task != names.ALL_TASKS or len(found) == 1}


def _joined_runs(one: Mapping[str, Run], other: Mapping[str, Run]) -> dict[str, Run]:
    runs = dict(one)
    for name, run in other.items():
        if name not in runs or _progress(runs[name]) < _progress(run):
            runs[name] = run
    latest = sorted(runs, key=lambda name: (runs[name]["started"], name))[-MAX_RUNS:]
    return {name: runs[name] for name in latest}


def _progress(run: Run) -> tuple[int, int]:
    return _RANKS[run["state"]], run["stopped"]
