"""What a user installs: the wheel holds all that the commands need, with no checkout beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.pictures import picture

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout and unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # -P: not the current folder; PYTHONPATH comes before the editable checkout.
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": str(installed)}
    command = [sys.executable, "-P", "-c", "from batchkit.cli.main import main; main()", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_wheel_carries_templates_rules_jobs_and_the_example(installed: Path) -> None:
    for name in (
        "batchkit/py.typed",
        "batchkit/assets/cloudformation/storage.yaml",
        "batchkit/assets/cloudformation/compute.yaml",
        "batchkit/assets/eventbridge/rules.yaml",
        "batchkit/assets/eventbridge/handlers/completion.py",
        "batchkit/assets/examples/photos/batchkit.toml",
        "batchkit/assets/containers/worker/Dockerfile",
        "image_variants/__init__.py",
        "image_facts/__init__.py",
    ):
        assert (installed / name).is_file(), name


def test_the_wheel_carries_nothing_of_the_tests(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"batchkit", "image_variants", "image_facts"}


def test_the_demo_runs_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(picture(640, 480))

    done = run(installed, tmp_path, "demo", "one.jpg")

    assert done.returncode == 0, done.stderr
    assert "SUCCEEDED" in done.stdout
    assert (tmp_path / "batchkit-demo" / "one.jpg" / "thumb.webp").is_file()
