"""The examples, used as their READMEs say: written by `batchkit init`, or installed, and tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(folder: Path, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_new_project_with_a_job_of_its_own_passes_its_own_tests(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    # Without --job it is the tutorial's first step.
    begun = run(tmp_path, BIN / "batchkit", "init", "fresh", "--job")
    assert begun.returncode == 0, begun.stderr
    assert "cd fresh && pip install" in begun.stdout
    assert run(folder, BIN / "batchkit", "check").returncode == 0
    done = run(folder, BIN / "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout


def test_a_new_project_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "batchkit.toml").write_text("mine")
    refused = run(tmp_path, BIN / "batchkit", "init", "--name", "shop")
    assert refused.returncode == 78
    assert "batchkit.toml" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["batchkit.toml"]
    assert (tmp_path / "batchkit.toml").read_text() == "mine"


def test_a_package_brings_a_job_and_passes_its_own_tests(tmp_path: Path) -> None:
    project, site = tmp_path / "project", tmp_path / "site"
    shutil.copytree(ROOT / "examples/csv-to-parquet", project)
    installed = run(
        project, sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-build-isolation", "--no-index", "--target", site, ".",
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    done = run(project, BIN / "pytest", "-q", "-p", "no:cacheprovider", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stdout
