"""Tests of batchkit.cli.completion: the scripts are scripts, and what they ask for is answered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from support.required import missing

from batchkit.cli import main
from batchkit.cli.completion import SHELLS, VARIABLE

BATCHKIT = Path(sys.executable).parent / "batchkit"

# What bash does for `batchkit WORDS<TAB>`.
TAB = """
source "$1"
COMP_WORDS=(batchkit {words}) COMP_CWORD={last}
_batchkit_completion batchkit
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def script(shell: str) -> str:
    done = subprocess.run([BATCHKIT, "completion", shell], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_understands(shell: str, tmp_path: Path) -> None:
    text = script(shell)
    assert f"{VARIABLE}={shell}_complete" in text
    program = shutil.which(shell)
    if program is None:
        missing("BATCHKIT_REQUIRE_SHELLS", f"there is no {shell} here to read it")
    (tmp_path / "script").write_text(text)
    subprocess.run([program, "-n", tmp_path / "script"], check=True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [("sta", {"status"}), ("status --wat", {"--watch"}), ("submit --fan-out ''", {"source", "task"})],
)
def test_bash_completes_commands_options_and_their_values(
    words: str, offered: set[str], tmp_path: Path
) -> None:
    (tmp_path / "script").write_text(script("bash"))
    code = TAB.format(words=words, last=len(words.split()))
    environment = {**os.environ, "PATH": f"{BATCHKIT.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", code, "bash", tmp_path / "script"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == offered


def test_a_word_that_nobody_can_complete_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = ShellComplete(main.cli, {}, "batchkit", VARIABLE).get_completions(["status"], "b-")
    assert found == []
    assert capsys.readouterr() == ("", "")


def test_the_names_of_all_commands_are_completed_with_their_purpose() -> None:
    found = ShellComplete(main.cli, {}, "batchkit", VARIABLE).get_completions([], "")
    assert {one.value: one.help for one in found} == main.COMMANDS
