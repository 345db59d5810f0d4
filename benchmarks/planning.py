"""How fast a million keys are selected and written as a manifest, and how much memory that takes.

    python -m benchmarks.planning [--json FILE]

Each number of keys runs in a process of its own, so that its peak memory is its own. The listing itself is
left out: the objects are made up, in a time that is measured and subtracted. Rates are per second of
processor time, hence of one core, whatever else runs on the machine.
Targets: 100,000 keys/s; less than 200 MB, and the same at 100,000 and 1,000,000 keys.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchkit.planning import manifest
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed, Selection, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = (100_000, 1_000_000)

# Every condition but those that leave most keys out: all work is done for nearly every key.
SELECTION = Selection(
    include=("uploads/**/*.jpg", "*.png"),
    exclude=("**/thumbnails/**",),
    min_bytes=1,
    max_bytes=10**9,
    since=1_600_000_000,
    until=1_900_000_000,
    share=0.99,
)


def objects(count: int) -> Iterator[Listed]:
    """Made-up objects such as a listing gives: keys of 47 characters, etags of 32."""
    for number in range(count):
        folder = f"uploads/2026/{number % 12:02d}/{number % 31:02d}/user-{number % 9973:05d}"
        size = 1_000_000 + number
        source = Source("photos-originals", f"{folder}/IMG_{number:08d}.jpg", f"{number:032x}", size)
        yield Listed(source, size, 1_700_000_000 + number)


def measure(count: int) -> dict[str, Any]:
    """One run: rates and peak memory (megabytes) of this process."""
    making, _ = _timed(lambda: sum(1 for _ in objects(count)))
    with tempfile.TemporaryDirectory() as folder:
        lines, index = Path(folder, "manifest.jsonl"), Path(folder, "manifest.idx")
        seconds, wall = _timed(lambda: write(count, lines, index))
        selected = index.stat().st_size // manifest.OFFSET_BYTES - 1
        size = lines.stat().st_size
    return {
        "keys": count,
        "selected": selected,
        "manifest_bytes": size,
        "processor_seconds": round(seconds - making, 3),
        "processor_seconds_of_making": round(making, 3),
        "wall_seconds": round(wall, 3),
        "keys_per_second": round(count / (seconds - making)),
        "peak_megabytes": round(_peak_bytes() / 1e6, 1),
    }


def write(count: int, lines: Path, index: Path) -> None:
    """What planning does with the objects listed, but for classifying them."""
    with lines.open("wb") as to_lines, index.open("wb") as to_index:
        for some_lines, some_offsets in manifest.write(select(objects(count), SELECTION)):
            to_lines.write(some_lines)
            to_index.write(some_offsets)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def main() -> None:
    """Measure, print a table, and the same as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        results = [fresh.submit(measure, count).result() for count in NUMBERS]
    document = {"benchmark": "planning", "machine": machine(), "results": results}
    print(_table(document))
    print(json.dumps(document))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


def _table(document: dict[str, Any]) -> str:
    on = document["machine"]
    rows = [f"{on['processor']}, {on['cores']} cores, Python {on['python']}, {on['system']}"]
    rows.append(f"{'keys':>10} {'selected':>10} {'cpu s':>8} {'wall s':>8} {'keys/s':>10} {'peak MB':>8}")
    rows += [
        f"{one['keys']:>10,} {one['selected']:>10,} {one['processor_seconds']:>8.2f}"
        f" {one['wall_seconds']:>8.2f} {one['keys_per_second']:>10,} {one['peak_megabytes']:>8.1f}"
        for one in document["results"]
    ]
    return "\n".join(rows)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of processor time, and on the wall."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def _processor() -> str:
    """The processor's name where Linux says it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _peak_bytes() -> int:
    """Linux counts in KiB, macOS in bytes (getrusage(2))."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
