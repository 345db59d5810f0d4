"""What a child says of itself: structured log lines, and metrics in CloudWatch's embedded format.

Both are single lines of JSON on one stream. CloudWatch Logs turns a line with an `_aws` block into
metrics without a call (CloudWatch User Guide, "Specification: Embedded metric format").
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, TextIO

from batchkit.worker.scrubbing import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from batchkit.errors import BatchkitError
    from batchkit.planning.states import Counts
    from batchkit.worker.assignment import Assignment

Stage = Literal["fetch", "make", "put", "ledger"]
Level = Literal["info", "warning", "error"]

STAGES: tuple[Stage, ...] = ("fetch", "make", "put", "ledger")
NAMESPACE = "batchkit"
DIMENSIONS = ("Project", "Lane")
UNITS: Mapping[str, str] = {
    "Items": "Count",
    "ItemsPerSecond": "Count/Second",
    "BytesIn": "Bytes",
    "BytesOut": "Bytes",
    **{f"{stage.capitalize()}Milliseconds": "Milliseconds" for stage in STAGES},
}


class Telemetry:
    """Writes to `stream`; `clock` gives epoch seconds, `ticks` seconds that never go back.

    No line has credentials in it, whatever an error's text holds. Safe to share between threads: stages
    overlap, so their sum may exceed the child's duration.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._ticks = ticks
        self._started = ticks()
        self._context: dict[str, Any] = {}
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def now(self) -> int:
        """Epoch seconds."""
        return int(self._clock())

    def ticks(self) -> float:
        """Seconds since an arbitrary moment."""
        return self._ticks()

    def identify(self, assignment: Assignment) -> None:
        """From here on every line names the run, the child and the attempt."""
        self._context = {"run": assignment.run, "child": assignment.child, "attempt": assignment.attempt}

    def log(self, message: str, level: Level = "info", **facts: Any) -> None:
        """One line: `time` (epoch milliseconds), `level`, `message`, the child, and the facts."""
        self._write({"level": level, "message": message, **self._context, **facts})

    def trouble(self, message: str, error: BatchkitError) -> None:
        """An error as a line: what was found, what was expected, what to do."""
        facts = {name: getattr(error, name) for name in ("found", "expected", "fix")}
        self.log(
            message,
            "error",
            error=type(error).__name__,
            what=error.what,
            exit_code=error.exit_code,
            **{name: str(value) for name, value in facts.items() if value is not None},
        )

    def crash(self, message: str, error: BaseException) -> None:
        """A bug, with its traceback."""
        self.log(message, "error", error=repr(error), traceback="".join(traceback.format_exception(error)))

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Add the block's duration to a stage."""
        start = self._ticks()
        try:
            yield
        finally:
            self.add(f"{stage.capitalize()}Milliseconds", (self._ticks() - start) * 1000)

    def add(self, metric: str, value: float) -> None:
        """Add to one of the metrics in UNITS."""
        with self._lock:
            self._sums[metric] += value

    def metrics(self, project: str, lane: str, counts: Counts) -> None:
        """The child's metrics so far, as one line. Call it once, at the end: the values are totals."""
        seconds = max(self._ticks() - self._started, 0.001)
        values = {name: round(self._sums[name], 3) for name in UNITS}
        values |= {"Items": counts.items, "ItemsPerSecond": round(counts.items / seconds, 3)}
        self._write(
            {
                "_aws": {
                    "Timestamp": int(self._clock() * 1000),
                    "CloudWatchMetrics": [
                        {
                            "Namespace": NAMESPACE,
                            "Dimensions": [list(DIMENSIONS)],
                            "Metrics": [{"Name": name, "Unit": unit} for name, unit in UNITS.items()],
                        }
                    ],
                },
                "level": "info",
                "message": "metrics",
                **self._context,
                **dict(zip(DIMENSIONS, (project, lane), strict=True)),
                **values,
                "counts": asdict(counts),
            }
        )

    def _write(self, line: Mapping[str, Any]) -> None:
        text = json.dumps({"time": int(self._clock() * 1000), **scrubbed(line)})
        with self._lock:
            self._stream.write(text + "\n")
            self._stream.flush()
