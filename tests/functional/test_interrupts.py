"""`batchkit submit`, ended by a signal in the middle of each call that changes something, and typed again.

No child starts before the gate is opened: the commands' calls are the only ones, and nothing is waited for.
"""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import pytest
from support.pictures import picture
from support.world import PATIENCE, PROJECT, World, world

from batchkit.local.call_faults import Aim
from batchkit.local.faults import Faults
from batchkit.local.sandbox import Options
from batchkit.local.spot import SpotReclaims
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.local.batch.executor import Executor, Task
    from batchkit.local.trace import Observer, Trace

SOURCES = 2
BATCHKIT = Path(sys.executable).parent / "batchkit"


@dataclass
class Assassin:
    """Sends a process a signal as soon as the stack has spoiled a call on purpose.

    The call waits for `process`: it may come before its caller is known.
    """

    number: signal.Signals | None = None
    process: subprocess.Popen[str] | None = None
    known: Event = field(default_factory=Event)
    struck: list[str] = field(default_factory=list)

    def lurk(self, number: signal.Signals) -> None:
        """The next process that is followed gets this signal."""
        self.known.clear()
        self.number = number

    def follow(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.known.set()

    def __call__(self, trace: Trace) -> None:
        if "fate" in trace.data and self.number is not None:
            assert self.known.wait(PATIENCE)
            assert self.process is not None
            self.struck.append(trace.data["operation"])
            self.process.send_signal(self.number)
            self.number = None


class Gate(SpotReclaims):
    """An executor that starts nothing before it is opened."""

    def __init__(self, executor: Executor) -> None:
        super().__init__(executor, Faults())
        self._is_open = False
        self._held: list[Task] = []
        self._deciding = Lock()

    def start(self, task: Task) -> None:
        with self._deciding:
            if not self._is_open:
                self._held.append(task)
                return
        super().start(task)

    def open(self) -> None:
        with self._deciding:
            self._is_open = True
        for task in self._held:
            super().start(task)


class Gated(Options):
    """A sandbox behind a gate."""

    def make_executor(self, uses: str, environment: Mapping[str, str], observe: Observer) -> Gate:
        return Gate(super().make_executor(uses, environment, observe))


@dataclass
class Desk:
    """Where commands are typed, and who interrupts them."""

    photos: World
    folder: Path
    assassin: Assassin
    begun: dict[str, str] = field(default_factory=dict)

    def open(self) -> None:
        """Let the children start, those of all runs so far."""
        gate = self.photos.sandbox.stack.executor
        assert isinstance(gate, Gate)
        gate.open()

    def manifest(self, run: str) -> set[str]:
        """The keys of a run's manifest."""
        bucket = self.photos.sandbox.outputs["ArtifactsBucket"]
        stored = self.photos.objects.get(bucket, names.manifest_key(run))
        assert stored is not None
        return {json.loads(line)["key"] for line in stored.body.splitlines()}

    def fill(self, prefix: str, count: int = SOURCES) -> str:
        """Sources that no rule reacts to."""
        for number in range(count):
            self.photos.put(f"{prefix}/{number}.jpg", picture(80, 60))
        return f"s3://{self.photos.sandbox.project.upload.bucket}/{prefix}/"

    def start(self, *line: str, **streams: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BATCHKIT, *line],
            cwd=self.folder,
            env={**os.environ, **self.photos.sandbox.stack.environment},
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **streams},
        )

    def interrupted(self, number: signal.Signals, operation: str, turn: int, *line: str) -> tuple[int, str]:
        """A command that gets a signal when its call has had its effect, and the answer is on its way.

        Its exit code, and what it said on standard error.
        """
        self.photos.sandbox.stack.calls.aim(Aim("lost", operation, turn))
        self.assassin.lurk(number)
        process = self.start(*line)
        self.assassin.follow(process)
        _, said = process.communicate(timeout=PATIENCE)
        self.photos.sandbox.stack.calls.aim()
        assert self.assassin.struck.pop() == operation
        return process.returncode, said

    def type(self, *line: str) -> dict[str, Any]:
        done = self.start(*line, "--output", "json")
        out, said = done.communicate(timeout=PATIENCE)
        assert done.returncode == 0, said
        facts: dict[str, Any] = json.loads(out)
        return facts

    def jobs(self) -> set[str]:
        return {job["jobId"] for job in self.photos.jobs("photos-bulk")}

    def runs_of(self, prefix: str, count: int = SOURCES) -> set[str]:
        """The runs that made the sources, all of whose items are done."""
        items = [item for n in range(count) for item in self.photos.items(f"{prefix}/{n}.jpg").values()]
        assert [item["outcome"] for item in items] == ["done"] * 3 * count
        return {item["run"] for item in items}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    assassin = Assassin()
    folder = tmp_path_factory.mktemp("desk")
    (folder / "batchkit.toml").write_text(PROJECT)
    with world(listen=assassin, kind=Gated) as running:
        yield Desk(running, folder, assassin)


# In this order: the claim, the listing, recipe, manifest, index and plan, the run's record, the array, its
# id, the note that all are submitted. A kill between the turn (UpdateItem 3) and SubmitJob has its place in
# tests/unit/runs/test_submit.py: the next one waits for 98 s.
MOMENTS = [
    ("UpdateItem", 1),
    ("ListObjectsV2", 1),
    *(("PutObject", number) for number in range(1, 5)),
    ("UpdateItem", 2),
    ("SubmitJob", 1),
    ("UpdateItem", 4),
    ("UpdateItem", 5),
]


# An interrupt is noticed between two calls, whichever they are: one while planning, two while submitting.
INTERRUPTS = [(*moment, signal.SIGINT) for moment in (MOMENTS[1], MOMENTS[3], MOMENTS[-3])]


@pytest.mark.parametrize(
    ("operation", "turn", "number"), [*((*moment, signal.SIGKILL) for moment in MOMENTS), *INTERRUPTS]
)
def test_a_submission_that_a_signal_ends_at_any_moment_is_continued(
    desk: Desk, operation: str, turn: int, number: signal.Signals
) -> None:
    prefix = f"{number.name}-{operation}-{turn}"
    source, before = desk.fill(prefix), desk.jobs()
    code, said = desk.interrupted(number, operation, turn, "submit", source)
    if number is signal.SIGINT:
        assert (code, "repeat the" in said) == (75, True), said
    else:
        assert code == -signal.SIGKILL
    facts = desk.type("submit", source)
    assert desk.jobs() - before == set(facts["jobs"])
    assert len(facts["jobs"]) == 1
    assert desk.manifest(facts["run"]) == {f"{prefix}/{number}.jpg" for number in range(SOURCES)}
    desk.begun[prefix] = facts["run"]


def test_a_canary_that_is_killed_is_continued_and_so_is_its_rest(desk: Desk) -> None:
    """Killed with the canary's job made and not noted, then with the rest's. Whatever was begun before is
    made, each source by the run that continued it."""
    desk.open()
    desk.photos.quiet()
    assert {prefix: desk.runs_of(prefix) for prefix in desk.begun} == {
        prefix: {run} for prefix, run in desk.begun.items()
    }
    prefix = "canary"
    source, before = desk.fill(prefix, 12), desk.jobs()
    line = ("submit", source, "--canary", "40%", "--wait")
    for _ in range(2):
        assert desk.interrupted(signal.SIGKILL, "SubmitJob", 1, *line)[0] == -signal.SIGKILL
    facts = desk.type(*line)
    runs = {facts["run"], facts["canary"]["run"]}
    desk.photos.quiet()
    assert desk.runs_of(prefix, 12) == runs
    assert desk.jobs() - before == {*facts["jobs"], *facts["canary"]["jobs"]}
    assert len(runs) == 2


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: the person's, the command's."""
    person, command = pty.openpty()
    try:
        yield person, command
    finally:
        os.close(person)
        os.close(command)


@pytest.mark.parametrize(("line", "prompt"), [((), "Submit b-"), (("-m", "-"), "Ctrl-D ends them")])
def test_ctrl_c_ends_a_question_and_a_typed_list_at_once(
    desk: Desk, line: tuple[str, ...], prompt: str
) -> None:
    source = line or (desk.fill("asked"),)
    before = desk.jobs()
    with terminal() as (person, command):
        process = desk.start("submit", *source, stdin=command, stdout=command, stderr=command)
        said = b""
        while prompt.encode() not in said:
            said += os.read(person, 4096)
        assert pressed(process) == 130
    assert desk.jobs() == before


def pressed(process: subprocess.Popen[str]) -> int | None:
    """The exit code after Ctrl-C, pressed again by a patient person.

    A signal that comes before Python's own `input` has begun to wait is noticed only at the next one.
    """
    for _ in range(120):
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    return process.wait()
