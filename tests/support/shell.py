"""`batchkit` as typed in a folder with a batchkit.toml, in this process, against a stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batchkit.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest


class Shell:
    """A folder, and an environment that leads to a stack."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self._capsys = capsys
        monkeypatch.chdir(folder)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    def write(self, toml: str) -> None:
        (self.folder / "batchkit.toml").write_text(toml)

    def text(self, *arguments: str, expect: int = 0) -> str:
        """Standard output and standard error of a command that exits as expected."""
        out, error = self._run(*arguments, expect=expect)
        return out + error

    def json(self, *arguments: str, expect: int = 0) -> Any:
        """The facts of a command."""
        return json.loads(self._run(*arguments, "--output", "json", expect=expect)[0])

    def _run(self, *arguments: str, expect: int) -> tuple[str, str]:
        self._capsys.readouterr()
        code: object = 0
        try:
            main(list(arguments))
        except SystemExit as ended:
            code = ended.code
        out, error = self._capsys.readouterr()
        assert code == expect, out + error
        return out, error
