"""How fast a million keys are selected, planned and written as a manifest, and how much memory that takes.

    python -m benchmarks.planning [--json FILE] [--keys N…]

What is timed is what `batchkit submit` does: filters, types and sizes, counting, the manifest and its index,
the check for colliding outputs (at once where the template of their keys proves that there are none, in a
second pass over all keys where it does not), shards, arrays and cost. Afterwards all sources are compared.

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
from typing import TYPE_CHECKING, Any, cast

from batchkit.job import Task
from batchkit.planning.backfill import Options
from batchkit.planning.cost import Machine
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed, Selection, is_sampled, select
from batchkit.planning.uploads import UploadRules
from batchkit.recipe import Recipe
from batchkit.runs.planner import Target, collect, make_plan
from batchkit.runs.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batchkit.planning.backfill import Plan

NUMBERS = (100_000, 1_000_000)

# With {name} no two sources can have the same output; with {stem} that has to be looked into.
TEMPLATES = ("{dir}/{name}/{task}.{ext}", "{dir}/{stem}/{task}.{ext}")

RULES = UploadRules("photos-originals", "uploads/", (".jpg", ".png"), 10**9)
TASKS = tuple(Task(f"variant-{number}", "webp") for number in range(5))
RECIPE = Recipe("benchmarks", {}, cast("Any", None), TASKS)
OPTIONS = Options(machine=Machine("fargate-spot", 1, 2048), max_vcpus=256)

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


def measure(count: int, template: str) -> dict[str, Any]:
    """One run: rates and peak memory (megabytes) of this process, and whether the plan is right."""
    made, _ = _timed(lambda: sum(1 for _ in objects(count)))
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool.within(Path(folder))
        plans: list[Plan] = []
        seconds, wall = _timed(lambda: plans.append(planned(count, template, spool)))
        peak = _peak_bytes()
        return {
            "keys": count,
            "template": template,
            "selected": plans[0].sources,
            "manifest_bytes": spool.manifest.stat().st_size,
            "processor_seconds": round(seconds - made, 3),
            "processor_seconds_of_making": round(made, 3),
            "wall_seconds": round(wall, 3),
            "keys_per_second": round(count / (seconds - made)),
            "peak_megabytes": round(peak / 1e6, 1),
            "right": is_right(plans[0], spool, count),
        }


def planned(count: int, template: str, spool: Spool) -> Plan:
    """What `batchkit submit` does with the objects listed, whose freshness nobody asked for."""
    target = Target(RECIPE, template, RULES)
    found = collect(select(objects(count), SELECTION), spool, target=target)
    return make_plan(found, run="b-bench", started=0, target=target, options=OPTIONS)


def is_right(plan: Plan, spool: Spool, count: int) -> bool:
    """Whether plan, manifest and index are those of the objects that are to be chosen, all of them."""
    spool.check(plan.sources)
    wanted = (one.source for one in objects(count) if is_sampled(one.source.key, SELECTION.share))
    same = all(one == other for one, other in zip(spool.sources(), wanted, strict=True))
    # Through the index, as a child reads them.
    by_index = [spool.source(number) for number in (0, plan.sources - 1)]
    *_, last = spool.sources()
    ends = by_index == [next(spool.sources()), last]
    return same and ends and plan.items == plan.sources * len(RECIPE.tasks) == plan.shape.items


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def main() -> int:
    """Measure, print a table, and the same as JSON; 1 when a plan is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    parser.add_argument("--keys", type=int, nargs="+", help="other numbers of keys than the usual ones")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        results = [
            fresh.submit(measure, count, template).result()
            for template in TEMPLATES
            for count in arguments.keys or NUMBERS
        ]
    document = {"benchmark": "planning", "machine": machine(), "results": results}
    print(_table(document))
    print(json.dumps(document))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0 if all(one["right"] for one in results) else 1


def _table(document: dict[str, Any]) -> str:
    on = document["machine"]
    rows = [f"{on['processor']}, {on['cores']} cores, Python {on['python']}, {on['system']}"]
    rows.append(
        f"{'keys':>10} {'selected':>10} {'cpu s':>8} {'wall s':>8} {'keys/s':>10} {'peak MB':>8}"
        "  right  output keys"
    )
    rows += [
        f"{one['keys']:>10,} {one['selected']:>10,} {one['processor_seconds']:>8.2f}"
        f" {one['wall_seconds']:>8.2f} {one['keys_per_second']:>10,} {one['peak_megabytes']:>8.1f}"
        f"  {'yes' if one['right'] else 'NO':<5}  {one['template']}"
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
    sys.exit(main())
