"""Items on their way to the ledger, in the background, one batch at a time."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from batchkit.worker.report import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from batchkit.aws.ledger import Ledger
    from batchkit.planning.records import Item
    from batchkit.worker.telemetry import Telemetry

# More than this waiting means that the ledger is slower than the work: then the work waits.
MAX_WAITING = 200


class Recorder:
    """Writes what is waiting as soon as the batch before is written: alone when idle, more under load.

    `tally` counts what is in the ledger; read it after `flush`. After each batch the thread that wrote it
    hands the tally to `written`, before it begins another one. Not to be shared between threads.
    """

    def __init__(
        self, ledger: Ledger, telemetry: Telemetry, written: Callable[[Tally], None] = lambda tally: None
    ) -> None:
        self._ledger = ledger
        self._telemetry = telemetry
        self._written = written
        self._pool = ThreadPoolExecutor(1, "ledger")
        self._waiting: list[Item] = []
        self._writing: Future[None] | None = None
        self.tally = Tally()

    def add(self, items: Iterable[Item]) -> None:
        """Record items some time soon. Raises what the batch before met: Throttled and its like."""
        self._waiting += items
        is_idle = self._writing is None or self._writing.done()
        if self._waiting and (is_idle or len(self._waiting) >= MAX_WAITING):
            self._start()

    def flush(self) -> None:
        """Return when everything was written, or tried. Raises Throttled and its like."""
        try:
            self._finish()
        finally:
            if self._waiting:
                self._start()
                self._finish()

    def close(self) -> None:
        """End the thread; flush before."""
        self._pool.shutdown()

    def _start(self) -> None:
        self._finish()
        batch, self._waiting = self._waiting, []
        self._writing = self._pool.submit(self._write, batch)

    def _finish(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _write(self, batch: Sequence[Item]) -> None:
        with self._telemetry.timed("ledger"):
            self._ledger.record_items(batch)
        self.tally.add(batch)
        self._written(self.tally)
