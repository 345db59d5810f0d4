"""A local stack for benchmarks: sources that no rule reacts to, a job that does nothing, the command line."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from batchkit.cli.main import cli
from batchkit.local.sandbox import Sandbox, sandbox
from batchkit.project.load import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.project import Project

# How long a run may take, in seconds.
PATIENCE = 3600.0

TOML = """
[project]
name = "bench"

[upload]
bucket = "bench-in"
prefix = "uploads/"
suffixes = [".txt"]

[output]
bucket = "bench-out"
key = "{dir}/{name}/{task}.{ext}"

[compute]
type = "fargate-spot"
max_vcpus = 256

[job]
uses = "tests.support.jobs:Nothing"
"""


class Bench:
    """A running sandbox, and a folder with its batchkit.toml."""

    def __init__(self, running: Sandbox, config: Path) -> None:
        self.sandbox = running
        self._config = config

    def fill(self, prefix: str, count: int) -> list[str]:
        """Put `count` sources of one byte; their keys, in order."""
        keys = [f"{prefix}/{number:06d}.txt" for number in range(count)]
        put, bucket = self.sandbox.clients.s3.put_object, self.sandbox.project.upload.bucket
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda key: put(Bucket=bucket, Key=key, Body=b"x"), keys))
        return keys

    def batchkit(self, *arguments: str) -> dict[str, Any]:
        """Run a command in this process; what it prints with `--output json`."""
        printed = StringIO()
        line = [*arguments, "--config", str(self._config), "--output", "json"]
        with redirect_stdout(printed):
            cli.main(args=line, prog_name="batchkit", standalone_mode=False)
        found: dict[str, Any] = json.loads(printed.getvalue())
        return found

    def settle(self) -> None:
        """Return when nothing runs any more."""
        if not self.sandbox.stack.drain(PATIENCE):
            raise TimeoutError(f"the stack did not come to rest within {PATIENCE:.0f} s")


def project() -> Project:
    """The project of every benchmark."""
    return parse(TOML, Path("batchkit.toml"))


@contextmanager
def bench() -> Iterator[Bench]:
    """A sandbox with the real worker; the process's AWS variables point to it."""
    with TemporaryDirectory() as folder, sandbox(project()) as running:
        config = Path(folder, "batchkit.toml")
        config.write_text(TOML)
        os.environ.update(running.stack.environment)
        for rule in ("upload-accepted", "upload-rejected"):
            running.clients.events.disable_rule(Name=f"{running.project.name}-{rule}")
        yield Bench(running, config)
