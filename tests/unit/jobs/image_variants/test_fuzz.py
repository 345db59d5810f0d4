"""The fuzzer itself: it runs for some seconds without a find, and it would find something."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import hostility

from tests.fuzz.__main__ import main

pytestmark = pytest.mark.filterwarnings("ignore")


def test_some_seconds_of_mutations_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--seconds", "4", "--engine", "mutations"]) == 0


def test_what_is_found_is_kept_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes) -> str:
        raise ValueError("a traceback")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hostility, "check", broken)
    assert main(["--seconds", "4", "--engine", "mutations"]) == 1
    assert len(list(tmp_path.glob("crash-1-*"))) == 1
