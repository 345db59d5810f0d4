"""`batchkit` as typed in a folder with a batchkit.toml: a process of its own, whose AWS is a stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCHKIT = Path(sys.executable).parent / "batchkit"
TESTS = Path(__file__).parents[1]
PATIENCE_SECONDS = 300


@dataclass
class Terminal:
    """A folder, and variables that lead to a stack; jobs of `support` are found."""

    folder: Path
    environment: Mapping[str, str]

    def run(
        self, *arguments: str, typed: str | None = None, expect: int = 0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """A command with `typed` on its standard input, and `more` variables, that exits as expected."""
        done = subprocess.run(
            [BATCHKIT, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment, "PYTHONPATH": str(TESTS), **more},
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == expect, done.stderr + done.stdout
        return done

    def json(self, *arguments: str, typed: str | None = None, expect: int = 0) -> Any:
        """The facts of a command."""
        return json.loads(self.run(*arguments, "--output", "json", typed=typed, expect=expect).stdout)
