"""What is measured, one function each; `run` is all of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks.images import floor, photos, programs, quality, report
from benchmarks.images.prepare import AVX2, HOME, SHARP
from benchmarks.images.quality import Likeness
from benchmarks.images.race import Runner, Sample, process, python_command, race, started
from benchmarks.images.sets import SETS
from benchmarks.planning import machine
from containers.worker import pillow_avx2

WEB5, ONE, FAST = SETS["web5"], SETS["one800"], SETS["fast5"]
# Each starts a process a variant; a second round would take most of the time and say the same.
SLOW = frozenset(programs.PROGRAMS)
MEMORY_SHOTS = (photos.BASELINE, photos.PROGRESSIVE)


def run(
    paths: Sequence[Path], *, rounds: int, seed: int, quick: bool, only: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], list[Likeness]]:
    """Every experiment, with all engines or `only` these; the document of figures, and the likeness that
    decides about failure."""
    random, (commands, left_out) = Random(seed), engines()  # noqa: S311 (an order to be repeated)
    commands = {name: command for name, command in commands.items() if not only or name in only}
    document: dict[str, Any] = {"benchmark": "images", "machine": machine(), "rounds": rounds, "seed": seed}
    document |= {"photos": [path.name for path in paths], "versions": versions()}
    with ExitStack() as stack:
        processes = stack.enter_context(started(commands, SHARP_HOME=str(SHARP)))
        runners: dict[str, Runner] = dict(processes)
        program, words = floor.build(HOME)
        if program:
            runners["floor"] = stack.enter_context(floor.started(program))
        else:
            left_out.append(f"floor: {words}")
        document["versions"]["floor"] = words
        ours = {name: one for name, one in processes.items() if name in report.OURS}
        web5 = race(runners, paths, WEB5, rounds=rounds, random=random, once=SLOW)
        one800 = race(_without(runners, SLOW), paths, ONE, rounds=rounds, random=random)
        fast = race(ours, paths, FAST, rounds=1, random=random)
        likeness = quality.compare(ours, paths, WEB5)
    document["ratios"] = {"web5": report.ratios(web5, report.TARGETS)}
    document["ratios"]["one800"] = [
        row for row in report.ratios(one800, report.SINGLE_TARGETS) if row["other"] != "floor"
    ]
    document["seconds"] = report.seconds(web5)
    document["fast"] = profile(web5, fast)
    document["likeness"] = [asdict(one) for one in likeness]
    document["memory"] = memory(
        {name: commands[name] for name in ours}, photos.SMALL_SHOTS if quick else MEMORY_SHOTS, seed
    )
    document["framework"] = framework(paths, 1 if quick else rounds, random)
    document["left_out"] = left_out
    return document, likeness


def engines() -> tuple[dict[str, list[str]], list[str]]:
    """The command line of every engine that is installed, and why others are left out."""
    found = {name: python_command(name) for name in ("naive", "batchkit-pillow")}
    left_out = []
    if find_spec("pyvips"):
        found |= {name: python_command(name) for name in ("batchkit-libvips", "pyvips-each", "pyvips-once")}
    else:
        left_out.append("libvips: no pyvips, pip install 'batchkit[fast]'")
    if has_avx2():
        found["batchkit-simd"] = python_command("batchkit-simd", str(AVX2))
    else:
        left_out.append("Pillow with AVX2: not compiled, python -m benchmarks.images.prepare")
    if (SHARP / "node_modules/sharp").exists():
        script = str(Path(__file__).with_name("sharp.mjs"))
        found |= {f"sharp-{way}": ["node", script, way] for way in ("each", "once")}
    else:
        left_out.append("sharp: not installed, python -m benchmarks.images.prepare")
    for name in programs.PROGRAMS:
        if programs.is_installed(name):
            found[name] = python_command(name)
        else:
            left_out.append(f"{name}: no such program")
    return found, left_out


def has_avx2() -> bool:
    """Whether Pillow's module for AVX2 is compiled, and this processor can run it."""
    return AVX2.exists() and pillow_avx2.has_avx2(Path("/proc/cpuinfo"))


def versions() -> dict[str, str]:
    """Of the libraries that decide the figures."""
    names = ("pillow", "numpy", "pyvips", "pyvips-binary")
    found = {
        name: metadata.version(name)
        for name in names
        if find_spec(name.replace("-", "_").replace("pillow", "PIL"))
    }
    return {**found, "threads of the machine": str(os.cpu_count())}


def framework(paths: Sequence[Path], rounds: int, random: Random) -> dict[str, Any]:
    """What the worker adds to the bare job, and what a second lane gains; medians of pairs."""
    module = "benchmarks.images.framework"
    resizer = ["pillow-simd", str(AVX2)] if has_avx2() else ["pillow"]
    shares, own, gains = [], [], []
    with ExitStack() as stack:
        bare, worker = (
            stack.enter_context(process([sys.executable, "-m", module, way, *resizer]))
            for way in ("bare", "worker")
        )
        request: dict[str, Any] = {"paths": [str(path) for path in paths] * 3, "wanted": WEB5}
        for each in (bare, worker):
            each.ask(**request | {"paths": request["paths"][:1]})
        # A share of hundredths wants more pairs than the races do.
        for _ in range(3 * rounds):
            found = {}
            for name in random.sample(("bare", "one", "two"), 3):
                engine, lanes = (bare, 1) if name == "bare" else (worker, 1 if name == "one" else 2)
                found[name] = engine.ask(**request, lanes=lanes)
            shares.append(found["one"]["cpu"] / found["bare"]["cpu"] - 1)
            own.append(found["one"]["own"] / (found["one"]["cpu"] - found["one"]["own"]))
            gains.append(found["one"]["wall"] / found["two"]["wall"])
    return {
        "resizer": resizer[0],
        "share": median(shares),
        "shares": shares,
        "own": median(own),
        "two_lanes": median(gains),
        "pairs": gains,
        "load": os.getloadavg()[0],
    }


def memory(
    commands: Mapping[str, Sequence[str]], shots: tuple[photos.Shot, ...], seed: int
) -> list[dict[str, Any]]:
    """Peak memory of a fresh process that makes the five variants of one photo."""
    rows = []
    for path in photos.write(shots, HOME / "photos", seed):
        for name, command in commands.items():
            with process(command) as engine:
                peak = engine.make(path, WEB5)["peak"]
            rows.append({"engine": name, "photo": path.stem, "megabytes": peak / 1e6})
    return rows


def profile(usual: Sequence[Sample], fast: Sequence[Sample]) -> dict[str, Any]:
    """What `profile = "fast"` saves, and what it costs in bytes."""
    found = {}
    for name in sorted({one.engine for one in fast}):
        before = [one for one in usual if one.engine == name and one.round == 0]
        after = [one for one in fast if one.engine == name]
        share = sum(one.cpu for one in after) / sum(one.cpu for one in before)
        found[name] = {"cpu": share, "bytes": report.bytes_ratio(before, after)}
    return found


def _without(runners: Mapping[str, Runner], names: frozenset[str]) -> dict[str, Runner]:
    return {name: runner for name, runner in runners.items() if name not in names}
