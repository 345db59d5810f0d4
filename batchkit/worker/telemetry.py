"""What a child says of itself: structured log lines, and metrics in CloudWatch's embedded format.

Both are single lines of JSON on one stream.
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TextIO

from batchkit.planning import metrics
from batchkit.planning.fingerprints import fingerprint
from batchkit.worker.scrubbing import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from batchkit.errors import BatchkitError
    from batchkit.planning.states import Counts
    from batchkit.worker.assignment import Assignment

Stage = Literal["fetch", "make", "put", "ledger"]
Level = Literal["info", "warning", "error"]

STAGES: tuple[Stage, ...] = ("fetch", "make", "put", "ledger")


# Kinds of errors that a child tells with their tracebacks, and how much of each: the end says where it was.
MAX_RAISED = 20
MAX_TRACEBACK = 8000


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
        self._raised: set[str] = set()
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

    def job_raised(self, error_class: str, message: str, told: str, **facts: Any) -> None:
        """What a job raised, with its traceback `told`; of errors that say the same, only the first."""
        kind = fingerprint(error_class, message)
        with self._lock:
            if kind in self._raised or len(self._raised) >= MAX_RAISED:
                return
            self._raised.add(kind)
        text = told[-MAX_TRACEBACK:]
        self.log("the job raised", "error", error=f"{error_class}: {message}", traceback=text, **facts)

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Add the block's duration to a stage."""
        start = self._ticks()
        try:
            yield
        finally:
            self.add(stage, (self._ticks() - start) * 1000)

    def add(self, what: str, value: float) -> None:
        """Add to a sum: Sources, BytesIn, BytesOut, or a stage's milliseconds."""
        with self._lock:
            self._sums[what] += value

    def metrics(self, place: Mapping[str, str], counts: Counts, *, publish: bool) -> None:
        """What the child did, as one line. Call it once, at the end: the values are totals.

        With `publish` CloudWatch makes metrics of it, in the dimensions of `place`.
        """
        seconds = max(self._ticks() - self._started, 0.001)
        values = {
            "Items": counts.items,
            "Done": counts.done,
            "Rejected": counts.rejected,
            "Failed": counts.failed,
            **{name: round(self._sums[name]) for name in ("Sources", "BytesIn", "BytesOut")},
            "Seconds": round(seconds, 3),
        }
        line = metrics.line(metrics.CHILD, place, values, int(self._clock() * 1000))
        stages = {stage: round(self._sums[stage], 3) for stage in STAGES}
        self._write(
            {
                **(line if publish else {**place, **values}),
                "level": "info",
                "message": "metrics",
                **self._context,
                "fresh": counts.fresh,
                "items_per_second": round(counts.items / seconds, 3),
                "milliseconds": stages,
            }
        )

    def _write(self, line: Mapping[str, Any]) -> None:
        text = json.dumps({"time": int(self._clock() * 1000), **scrubbed(line)})
        with self._lock:
            self._stream.write(text + "\n")
            self._stream.flush()
