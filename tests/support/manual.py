"""The manual's commands, read from its pages and typed as a reader types them."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 300.0

# The endpoint that the pages show. Here it is whatever port is free.
SHOWN = "http://127.0.0.1:4566"

PAGES = ("README.md", "docs/tutorial.md")

_INSTALLING = "needs a package index; tests/functional/test_wheel.py does it, in an empty environment"

# Shown, and not run. Anything else is.
EXCEPTIONS = MappingProxyType(
    {
        "make test": "it is what runs this",
        "python3 -m venv .venv": _INSTALLING,
        ". .venv/bin/activate": _INSTALLING,
        "pip install 'batchkit[local]' pytest awscli": _INSTALLING,
    }
)

_BLOCK = re.compile(r"(?P<before>[^\n]*(?:\n[^\n]+)*)\n\n```console\n(?P<text>.*?)```", re.DOTALL)
_ONCE = re.compile(r"Once [^.:]*?\s+shows\s+`([^`]+)`")


@dataclass(frozen=True)
class Step:
    """A command as it is shown, the output that is shown below it, and what another terminal shows before."""

    command: str
    output: tuple[str, ...] = ()
    once: str = ""

    @property
    def typed(self) -> str:
        """The command without a comment after it."""
        return self.command.partition("   #")[0].strip()


def shown(page: str) -> list[Step]:
    """The commands of a page of the checkout."""
    return list(steps((ROOT / page).read_text()))


def steps(text: str) -> Iterator[Step]:
    """The commands of all ```console blocks of a page, in their order.

    A command begins with `$ ` and goes on where a line ends with a backslash; what follows is its output. The
    words "Once the … terminal shows `X`" before a block are a reader's duty.
    """
    for block in _BLOCK.finditer(text):
        once = _ONCE.search(block["before"])
        for number, part in enumerate(re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]):
            command, output = _parted(part)
            yield Step(command, output, once[1] if once and number == 0 else "")


def _parted(part: str) -> tuple[str, tuple[str, ...]]:
    lines = part.splitlines()
    end = next(n for n, line in enumerate(lines) if not line.endswith("\\")) + 1
    return "\n".join(lines[:end]), tuple(line for line in lines[end:] if line.strip())


@dataclass
class Reader:
    """Someone in an empty folder with an empty home, who has batchkit and types what a page shows."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    cwd: Path = field(init=False)
    endpoint: str = field(default=SHOWN, init=False)
    stack: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        home = self.folder / "home"
        self.cwd = self.folder / "work"
        for path in (home, self.cwd):
            path.mkdir()
        self.variables = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(home)}

    @property
    def log(self) -> Path:
        """What the terminal with the stack shows."""
        return self.folder / "stack.log"

    def follow(self, page: str) -> None:
        """Type all that a page shows."""
        for step in shown(page):
            if step.typed not in EXCEPTIONS:
                self.type(step)

    def type(self, step: Step) -> None:
        """Run a command. Fails where it fails, or says something else than the page shows."""
        if step.once:
            self.see(step.once)
        if step.typed == "batchkit local up":
            self.begin()
            said = self.log.read_text().replace(self.endpoint, SHOWN)
            assert set(step.output) <= set(said.splitlines()), said
        else:
            said = self._run(step.command.replace(SHOWN, self.endpoint))
            assert not step.output or tuple(said.splitlines()) == step.output, step.command

    def _run(self, command: str) -> str:
        """In a shell that ends with it; the folder and the exported variables stay for the next one."""
        state, place = self.folder / "exported", self.folder / "place"
        script = f"{{ {command}\n}}\ncode=$?\nexport -p >{state}\npwd >{place}\nexit $code"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.cwd, env=self.variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        self.cwd = Path(place.read_text().strip())
        self.variables |= dict(exports(state.read_text()))
        return done.stdout

    def begin(self) -> None:
        """Start the stack in another terminal, and do there what it says to do in this one."""
        with self.log.open("wb") as log:
            command = [str(BIN / "batchkit"), "local", "up", "--port", "0"]
            self.stack = subprocess.Popen(
                command, cwd=self.cwd, env=self.variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self.see("Ctrl-C stops it")
        told = dict(exports(self.log.read_text()))
        self.variables |= told
        self.endpoint = told["AWS_ENDPOINT_URL"]

    def see(self, text: str) -> None:
        """Wait until the terminal with the stack shows something."""
        assert self.stack is not None
        end = time.monotonic() + PATIENCE
        while text not in self.log.read_text():
            ended = self.stack.poll() is not None
            assert not ended and time.monotonic() < end, f"no {text!r} in:\n{self.log.read_text()}"
            time.sleep(0.1)

    def until(self, command: str, text: str) -> None:
        """Type a command again and again until it says something."""
        end = time.monotonic() + PATIENCE
        while text not in (said := self._run(command)):
            assert time.monotonic() < end, said

    def leave(self) -> None:
        """Ctrl-C in the terminal with the stack."""
        if self.stack is not None:
            self.stack.send_signal(signal.SIGINT)
            try:
                assert self.stack.wait(PATIENCE) == 0, self.log.read_text()
            finally:
                self.stack.kill()


def exports(text: str) -> Iterator[tuple[str, str]]:
    """The variables that lines like `export A=1 B=2`, or bash's own `declare -x A="1"`, set."""
    for line in text.splitlines():
        words = line.strip().removeprefix("declare -x ").removeprefix("export ")
        if words != line.strip():
            for name, equals, value in (word.partition("=") for word in shlex.split(words)):
                if equals:
                    yield name, value


@contextmanager
def reader(folder: Path) -> Iterator[Reader]:
    """A reader who presses Ctrl-C at the end."""
    one = Reader(folder)
    try:
        yield one
    finally:
        one.leave()
