"""Outputs that no source of a listing explains, on disk: there may be millions.

A temporary database of SQLite's, of one thread, that nobody else sees and that goes when it is closed.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from batchkit.planning import names
from batchkit.worker.publish import RUN, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batchkit.aws.objects import Head
    from batchkit.planning.manifest import Source

# SQLite: "If the filename is an empty string, then a new temporary file is created" (sqlite3_open).
_TEMPORARY = ""

# Nothing is kept, so nothing has to survive a crash.
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE explained (mark INTEGER PRIMARY KEY);
CREATE TABLE suspects (run, source, key, bytes, etag, PRIMARY KEY (run, source, key)) WITHOUT ROWID;
"""

# Runs that `runs` reads at a time.
_PAGE = 1000


class Suspect(NamedTuple):
    """An output; `bytes` and `etag` are its own."""

    key: str
    bytes: int
    etag: str


class Suspects:
    """Outputs by the run that made them and the digest that stands for their source."""

    def __init__(self) -> None:
        self._store = sqlite3.connect(_TEMPORARY)
        self._store.executescript(_SCHEMA)

    def close(self) -> None:
        """Forget all."""
        self._store.close()

    def explain(self, outputs: Iterable[str]) -> None:
        """Note the keys of outputs whose source is there."""
        rows = ((_mark(key),) for key in outputs)
        self._store.executemany("INSERT OR IGNORE INTO explained VALUES (?)", rows)

    def unexplained(self, outputs: Iterable[Source]) -> Iterator[Source]:
        """The outputs of a listing that nobody explained."""
        query = "SELECT 1 FROM explained WHERE mark = ?"
        return (one for one in outputs if not self._store.execute(query, (_mark(one.key),)).fetchone())

    def add(self, outputs: Iterable[Head]) -> None:
        """Suspect outputs, as far as they say which run made them, and of what."""
        rows = (
            (output.metadata[RUN], output.metadata[SOURCE], output.key, output.size, output.etag)
            for output in outputs
            if {RUN, SOURCE} <= set(output.metadata)
        )
        self._store.executemany("INSERT OR REPLACE INTO suspects VALUES (?, ?, ?, ?, ?)", rows)

    def runs(self) -> Iterator[str]:
        """The runs of all suspects, each once; suspects may be taken meanwhile."""
        query, last = "SELECT DISTINCT run FROM suspects WHERE run > ? ORDER BY run LIMIT ?", ""
        while page := [run for (run,) in self._store.execute(query, (last, _PAGE))]:
            yield from page
            last = page[-1]

    def has(self, run: str) -> bool:
        """Whether any suspect of a run is left."""
        query = "SELECT 1 FROM suspects WHERE run = ? LIMIT 1"
        return self._store.execute(query, (run,)).fetchone() is not None

    def take(self, run: str, bucket: str, key: str) -> list[Suspect]:
        """The outputs that a run made of this source; each is given once."""
        made = (run, names.source_id(bucket, key))
        rows = self._store.execute(
            "SELECT key, bytes, etag FROM suspects WHERE run = ? AND source = ?", made
        ).fetchall()
        if rows:
            self._store.execute("DELETE FROM suspects WHERE run = ? AND source = ?", made)
        return [Suspect(*row) for row in rows]


def _mark(key: str) -> int:
    """A number that stands for a key. Two keys in 10^19 share one; then an orphan is overlooked."""
    return int.from_bytes(bytes.fromhex(names.source_id("", key))[:8], "big", signed=True)
