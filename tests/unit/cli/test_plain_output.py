"""Whatever colours: nothing of it in a pipe, and nothing on the terminal of somebody who wants no colours."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from batchkit.cli import checks_output, doctor, local, output, status_output
from batchkit.cli.main import UNREAD, cli, colours
from batchkit.deploy.checks.result import Result
from batchkit.deploy.doctor.finding import Finding
from batchkit.local.trace import Trace

from .test_status_output import RUNNING

BATCHKIT = Path(sys.executable).parent / "batchkit"
STYLE = re.compile(r"\x1b\[[0-9;]*m")

PRINTERS: dict[str, Callable[[], object]] = {
    "table": lambda: output.print_rows(("outcome", "n"), [("done", 1), ("failed", 2)]),
    "doctor": lambda: doctor._print(Finding("rules", "x is disabled", "nothing happens", "enable it")),
    "checks": lambda: checks_output.print_results([Result("names", "failed", "taken", "another one")]),
    "local up": lambda: local.show(Trace("job", "j-1 RUNNING")),
    "changes": lambda: click.secho("files", bold=True),
    "status": lambda: status_output.print_status(RUNNING),
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(name: str, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", stream)
    with click.Context(cli) as context:
        context.color = colours(environ)
        PRINTERS[name]()
    return stream.getvalue()


@pytest.mark.parametrize("name", PRINTERS)
def test_nothing_that_a_terminal_obeys_goes_into_a_pipe(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(name, io.StringIO(), monkeypatch)
    assert text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", PRINTERS)
def test_who_wants_no_colours_gets_no_style_at_all(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(name, Terminal(), monkeypatch, NO_COLOR="1")
    assert text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", [name for name in PRINTERS if name != "status"])
def test_a_terminal_gets_colours(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert STYLE.search(printed(name, Terminal(), monkeypatch, NO_COLOR=""))


def on_a_terminal(folder: Path, *arguments: str, **environ: str) -> str:
    """What a command without a project says on a terminal."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm-256color", **environ}
    subprocess.run(
        [BATCHKIT, *arguments], cwd=folder, env=environment, stdout=theirs, stderr=theirs, check=False
    )
    os.close(theirs)
    text = os.read(ours, 10_000).decode()
    os.close(ours)
    return text


def test_an_error_is_red_unless_nobody_wants_that(tmp_path: Path) -> None:
    assert STYLE.search(on_a_terminal(tmp_path, "check"))
    plain = on_a_terminal(tmp_path, "check", NO_COLOR="1")
    assert plain.startswith("error: ")
    assert "\x1b" not in plain


@pytest.mark.parametrize("arguments", [["schema"], ["--help"], ["submit", "--help"]])
def test_a_closed_pipe_ends_a_command_quietly(arguments: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [BATCHKIT, *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (UNREAD, b"")


def test_the_stack_goes_on_when_nobody_looks_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    screen = local.Screen()
    screen(Trace("job", "j-1 RUNNING"))
    screen(Trace("job", "j-1 SUCCEEDED"))
    assert screen.is_gone
