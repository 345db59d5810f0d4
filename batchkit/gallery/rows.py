"""The index: a short row for each source, all that the grid needs before anybody opens one.

A row is an array, because there are thousands of them in a file; `FIELDS` names its columns and is in
the file. It carries the revision of the record that it was made of: of two rows, the later one counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchkit.gallery.records import Item, Record, current
from batchkit.planning.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIELDS = (
    "id",
    "key",
    "modified",
    "outcomes",
    "job",
    "run",
    "thumb",
    "width",
    "height",
    "outputs",
    "bytes",
    "source",
    "colour",
    "blurhash",
    "rev",
)
REV = FIELDS.index("rev")

# What a browser shows in an <img>.
PICTURES = frozenset({"avif", "gif", "jpeg", "jpg", "png", "webp"})
# The narrowest picture that is sharp enough for a card, in pixels.
CARD = 200

# Outcomes as bits, for a source can have several.
BITS = {outcome.value: 1 << number for number, outcome in enumerate(Outcome)}

Row = list[Any]


def row(identity: str, record: Record, rev: int) -> Row:
    """The row of a source; `identity` is its `source_id`, sizes are in bytes, `modified` in epoch seconds."""
    items = current(record)
    good = [item for item in items.values() if item["output"]]
    thumb = thumbnail(good)
    run = _latest_run(record)
    facts: Mapping[str, Any] = thumb["facts"] if thumb else {}
    values = {
        "id": identity,
        "key": record["key"],
        "modified": max((item["modified"] for item in items.values()), default=0),
        # A source of which the ledger knows no item belonged to a child that died.
        "outcomes": sum({BITS[item["outcome"]] for item in items.values()}) or BITS[Outcome.FAILED],
        "job": record["runs"][run]["job"] if run else "",
        "run": run,
        "thumb": thumb["output"] if thumb else "",
        "width": facts.get("width", 0),
        "height": facts.get("height", 0),
        "outputs": len(good),
        "bytes": sum(item["bytes"] for item in good),
        "source": max((item["source"] for item in items.values()), default=0),
        "colour": _fact(good, thumb, "colour"),
        "blurhash": _fact(good, thumb, "blurhash"),
        "rev": rev,
    }
    return [values[name] for name in FIELDS]


def joined(rows: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    """One row for each source, that of its latest record, by key: neighbours compress well."""
    found = {row[0]: row for row in rows}
    for row in others:
        if row[0] not in found or found[row[0]][REV] < row[REV]:
            found[row[0]] = row
    return sorted(found.values(), key=lambda row: (row[1], row[0]))


def thumbnail(items: Iterable[Item]) -> Item | None:
    """The output to show on a card: the narrowest that is wide enough, else the widest."""
    pictures = [item for item in items if _is_picture(item)]
    enough = [item for item in pictures if item["facts"]["width"] >= CARD]
    chosen = min(enough, key=_width, default=None)
    return chosen or max(pictures, key=_width, default=None)


def _width(item: Item) -> tuple[int, str]:
    return item["facts"]["width"], item["output"]


def _is_picture(item: Item) -> bool:
    facts = item["facts"]
    sized = all(isinstance(facts.get(side), int) for side in ("width", "height"))
    return sized and item["output"].rpartition(".")[2].lower() in PICTURES


def _fact(items: Iterable[Item], first: Item | None, name: str) -> str:
    """A fact of the thumbnail, else of any other output."""
    ordered = [*([first] if first else []), *items]
    return next((str(item["facts"][name]) for item in ordered if name in item["facts"]), "")


def _latest_run(record: Record) -> str:
    runs = record["runs"]
    return max(runs, key=lambda name: (runs[name]["started"], name), default="")
