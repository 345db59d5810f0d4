"""One engine in a process of its own: a request per line of stdin, an answer per line of stdout, in JSON.

    python -m benchmarks.images.worker ENGINE [AVX2_MODULE]

    {"path": …, "wanted": […]}                   make these variants of a photo
    {… , "folder": …}                            and write them there

Answers: processor seconds (`cpu`, of all threads and of programs started), seconds on the wall (`wall`), the
outputs' bytes (`sizes`), and the process's peak memory so far (`peak`, bytes).
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Make = Callable[[Path, Any], dict[str, bytes]]


def main(name: str, avx2: str | None = None) -> None:
    """Answer until stdin ends."""
    if avx2:
        from containers.worker import pillow_avx2  # noqa: PLC0415 (before Pillow is imported)

        pillow_avx2.prefer(Path(avx2))
    make = engine(name)
    for line in sys.stdin:
        print(json.dumps(answer(make, json.loads(line))), flush=True)


def engine(name: str) -> Make:
    """The engine of that name."""
    from benchmarks.images import programs  # noqa: PLC0415 (only here is it known whether Pillow may come)

    if name in programs.PROGRAMS:
        return programs.PROGRAMS[name]
    from benchmarks.images.python_engines import ENGINES  # noqa: PLC0415 (see above)

    made = ENGINES[name]()
    return lambda path, wanted: made(path.read_bytes(), wanted)


def answer(make: Make, request: dict[str, Any]) -> dict[str, Any]:
    """Do what the request says."""
    wanted = tuple(request["wanted"])
    cpu, wall = _cpu(), time.perf_counter()
    outputs = make(Path(request["path"]), wanted)
    used, took = _cpu() - cpu, time.perf_counter() - wall
    if "folder" in request:
        for one in wanted:
            Path(request["folder"], f"{one['name']}.{one['format']}").write_bytes(outputs[one["name"]])
    sizes = {name: len(body) for name, body in outputs.items()}
    return {"cpu": used, "wall": took, "sizes": sizes, "peak": _peak()}


def _cpu() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _peak() -> int:
    """The kernel's high water mark. Not getrusage's, which starts with that of the parent process."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    # One thread for each engine, whatever the machine has.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "VIPS_CONCURRENCY": "1", "MAGICK_THREAD_LIMIT": "1"}
    main(*sys.argv[1:])
