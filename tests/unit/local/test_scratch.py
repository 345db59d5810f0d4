"""Scratch folders: gone with their process, or with the next one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from batchkit.local import scratch

MAKE = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from batchkit.local import scratch
folder = scratch.make("scratch-test-")
print(folder.name, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's temporary folder, for these tests."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(temporary: Path) -> list[Path]:
    return sorted(temporary.iterdir())


def test_a_killed_process_leaves_its_folder_to_the_next_one(temporary: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MAKE, str(temporary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        abandoned = Path(process.stdout.readline().strip())
        (abandoned / "task").mkdir()
        (abandoned / "task" / "file.py").write_text("")
        scratch.sweep("scratch-test-")
        assert left(temporary) == [abandoned]
        os.kill(process.pid, signal.SIGKILL)
    with scratch.make("scratch-test-") as mine:
        assert left(temporary) == [Path(mine)]
    assert left(temporary) == []


@pytest.mark.parametrize("mark", [None, "", "{", "[]", "{}", json.dumps({"batchkit.pid": "1"})])
def test_a_folder_that_does_not_say_whose_it_is_stays(temporary: Path, mark: str | None) -> None:
    folder = temporary / "scratch-test-unknown"
    folder.mkdir()
    if mark is not None:
        (folder / "owner.json").write_text(mark)
    scratch.sweep("scratch-test-")
    assert left(temporary) == [folder]


def test_a_link_to_a_dead_process_s_folder_takes_nothing_with_it(temporary: Path) -> None:
    with scratch.make("elsewhere-") as elsewhere:
        mark = Path(elsewhere) / "owner.json"
        mark.write_text(json.dumps({**json.loads(mark.read_text()), "batchkit.born": "long ago"}))
        (temporary / "scratch-test-link").symlink_to(elsewhere)
        scratch.sweep("scratch-test-")
        assert mark.exists()
