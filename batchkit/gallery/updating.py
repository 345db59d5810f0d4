"""Records into the gallery's files: onto their shelves, then their rows into the index.

The order matters: a row is made of the record as it lies on the shelf after the join, with its revision.
Whoever stops between the two is repeated, finds the shelf as it should be, and writes the row.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from batchkit.gallery import records, rows
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batchkit.gallery.changing import Document, Files
    from batchkit.gallery.records import Record
    from batchkit.gallery.rows import Row

# Shelves that are written at the same time; S3 takes as long as a function with 256 MB does anything else.
THREADS = 8

Group = dict[str, "Record"]


def update(files: Files, found: Iterable[Record]) -> int:
    """Join records into the gallery; how many sources there were."""
    shelves: dict[str, Group] = defaultdict(dict)
    for record in found:
        identity = names.source_id(record["bucket"], record["key"])
        shelf = shelves[names.gallery_shelf(identity)]
        shelf[identity] = records.joined(shelf[identity], record) if identity in shelf else record
    with ThreadPoolExecutor(THREADS) as pool:
        filled = pool.map(lambda shelf: _fill(files, *shelf), shelves.items())
        made = list(chain.from_iterable(filled))
    if made:
        _index(files, made)
    return len(made)


def _fill(files: Files, key: str, group: Mapping[str, Record]) -> list[Row]:
    """Put records onto their shelf; their rows."""
    shelf = files.change(key, partial(_filled, group=group))
    sources = shelf["sources"] if shelf else {}
    return [rows.row(identity, sources[identity], sources[identity]["rev"]) for identity in group]


def _filled(before: Document | None, group: Mapping[str, Record]) -> Document | None:
    sources = dict(before["sources"]) if before else {}
    moved = False
    for identity, record in group.items():
        known = sources.get(identity)
        whole = records.joined(known, record) if known else record
        if known is None or any(known[name] != value for name, value in whole.items()):
            sources[identity] = {**whole, "rev": (known["rev"] if known else 0) + 1}
            moved = True
    return {"sources": sources} if moved else None


def _index(files: Files, made: Iterable[Row]) -> None:
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in made:
        parts[names.gallery_part(row[0])].append(row)
    for part, found in parts.items():
        files.change(names.gallery_index(part), partial(_indexed, made=found))
    files.change(names.gallery_directory(), partial(_listed, parts=set(parts)))


def _indexed(before: Document | None, made: Iterable[Row]) -> Document | None:
    known = before["rows"] if before else []
    whole = rows.joined(known, made)
    return None if before and whole == known else {"fields": rows.FIELDS, "rows": whole}


def _listed(before: Document | None, parts: set[str]) -> Document | None:
    known = set(before["parts"]) if before else set()
    return None if parts <= known else {"parts": sorted(known | parts)}
