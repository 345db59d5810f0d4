"""Engines side by side: the same photos in turn, in random order, so that a busy machine is busy for all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import IO, Any, Protocol

from benchmarks.images.sets import Wanted

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sample:
    """What one engine needed for one photo: processor seconds, and the outputs' sizes in bytes."""

    engine: str
    photo: str
    round: int
    cpu: float
    wall: float
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class Ratio:
    """Processor time as a multiple of another engine's, over pairs of the same photo in the same round."""

    median: float
    p10: float
    p90: float
    pairs: int


class Runner(Protocol):
    """Makes the variants of one photo; the answer of worker.py."""

    def make(self, path: Path, wanted: Sequence[Wanted]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Process:
    """An engine in a process of its own that reads requests and answers."""

    stdin: IO[str]
    stdout: IO[str]

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises RuntimeError when the engine died."""
        self.stdin.write(json.dumps(request) + "\n")
        self.stdin.flush()
        line = self.stdout.readline()
        if not line:
            raise RuntimeError(f"the engine ended while it did {request}")
        found: dict[str, Any] = json.loads(line)
        return found

    def make(self, path: Path, wanted: Sequence[Wanted]) -> dict[str, Any]:
        """See Runner."""
        return self.ask(path=str(path), wanted=wanted)


@contextmanager
def process(command: Sequence[str], **environ: str) -> Iterator[Process]:
    """An engine started, and ended with the block."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environ},
    ) as running:
        try:
            yield Process(running.stdin, running.stdout)
        finally:
            running.stdin.close()


def python_command(engine: str, *arguments: str) -> list[str]:
    """The command line of an engine of worker.py."""
    return [sys.executable, "-m", "benchmarks.images.worker", engine, *arguments]


def race(
    runners: Mapping[str, Runner],
    photos: Sequence[Path],
    wanted: Sequence[Wanted],
    *,
    rounds: int,
    random: Random,
    once: frozenset[str] = frozenset(),
) -> list[Sample]:
    """All samples; engines in `once` only run in the first round. Every engine is warmed up before."""
    for runner in runners.values():
        runner.make(photos[0], wanted)
    samples = []
    for number in range(rounds):
        for photo in random.sample(photos, len(photos)):
            for name in random.sample(list(runners), len(runners)):
                if number and name in once:
                    continue
                answer = runners[name].make(photo, wanted)
                samples.append(
                    Sample(name, photo.stem, number, answer["cpu"], answer["wall"], answer.get("sizes", {}))
                )
    return samples


def ratio(samples: Sequence[Sample], engine: str, to: str) -> Ratio | None:
    """How many times as much processor time `engine` needs as `to`; None when they never met."""
    ours = {(one.photo, one.round): one.cpu for one in samples if one.engine == to}
    pairs = sorted(
        one.cpu / ours[one.photo, one.round]
        for one in samples
        if one.engine == engine and (one.photo, one.round) in ours
    )
    if not pairs:
        return None
    return Ratio(quantile(pairs, 0.5), quantile(pairs, 0.1), quantile(pairs, 0.9), len(pairs))


def quantile(values: Sequence[float], share: float) -> float:
    """Between the two nearest of the sorted values."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


@contextmanager
def started(commands: Mapping[str, Sequence[str]], **environ: str) -> Iterator[dict[str, Process]]:
    """Many engines at once."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(process(command, **environ)) for name, command in commands.items()}
