"""What a user installs: a wheel, built from the sdist alone, holds all that the commands need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.pictures import picture, size_and_format
from support.required import missing

from batchkit import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / ".ci/constraints.txt"

# The oldest that is supported, and the newest.
PYTHONS = ("3.11", "3.13")

# Makes the absence of one of them a failure.
REQUIRED = "BATCHKIT_REQUIRE_PYTHONS"


def build(kind: str, source: Path, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made of the sdist, where nothing else of the checkout is."""
    folder = tmp_path_factory.mktemp("dist")
    shutil.unpack_archive(build("sdist", ROOT, folder), folder, filter="data")
    return build("wheel", folder / f"batchkit-{__version__}", folder)


@pytest.fixture(scope="module")
def unpacked(wheel: Path) -> Path:
    """As an installer would lay it."""
    shutil.unpack_archive(wheel, wheel.parent / "site", "zip")
    return wheel.parent / "site"


@pytest.fixture(scope="module", params=PYTHONS)
def environment(wheel: Path, request: pytest.FixtureRequest) -> Path:
    """The commands of a virtual environment with the wheel, its images and nothing else of ours."""
    python = next(filter(works, candidates(request.param)), None)
    if python is None:
        missing(REQUIRED, f"there is no Python {request.param} here that can make a virtual environment")
    folder = wheel.parent / f"python{request.param}"
    subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)
    options = ("--quiet", "--no-compile", "--disable-pip-version-check", "--constraint", CONSTRAINTS)
    pip = [folder / "bin/python", "-m", "pip", "install", *options, f"{wheel}[images]"]
    subprocess.run(pip, check=True, capture_output=True)
    return folder / "bin"


def candidates(version: str) -> Iterator[Path]:
    """Where a Python of some version may be: this one, on the PATH, or where pyenv puts it."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield Path(sys.executable)
    found = shutil.which(f"python{version}")
    if found:
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"))


def works(python: Path) -> bool:
    # pyenv's shims are there for versions that are not; Debian's Python may lack ensurepip.
    tried = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return tried.returncode == 0


def run(
    *command: str | Path, cwd: Path, path: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """In an empty home, with `path` before the system's own commands."""
    system = "/usr/bin:/bin"
    environ = {"PATH": f"{path}:{system}" if path else os.environ["PATH"], "HOME": str(cwd), **variables}
    return subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=300, check=False
    )


def said(bin_folder: Path, cwd: Path, command: str, *arguments: str | Path) -> str:
    done = run(bin_folder / command, *arguments, cwd=cwd, path=bin_folder)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_wheel_carries_templates_rules_jobs_and_the_example(unpacked: Path) -> None:
    for name in (
        "batchkit/py.typed",
        "batchkit/local/live/page/index.html",
        "batchkit/local/live/page/live.css",
        "batchkit/local/live/page/live.js",
        "batchkit/assets/cloudformation/storage.yaml",
        "batchkit/assets/cloudformation/compute.yaml",
        "batchkit/assets/eventbridge/rules.yaml",
        "batchkit/assets/eventbridge/handlers/completion.py",
        "batchkit/assets/examples/photos/batchkit.toml",
        "batchkit/assets/containers/worker/Dockerfile",
        "image_variants/__init__.py",
        "image_facts/__init__.py",
    ):
        assert (unpacked / name).is_file(), name


def test_the_wheel_carries_nothing_of_the_tests(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"batchkit", "image_variants", "image_facts"}


def test_the_demo_runs_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(picture(640, 480))

    # -P: not the current folder; PYTHONPATH comes before the editable checkout.
    done = run(
        sys.executable, "-P", "-c", "from batchkit.cli.main import main; main()", "demo", "one.jpg",
        cwd=tmp_path, PYTHONPATH=str(unpacked),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "SUCCEEDED" in done.stdout
    assert (tmp_path / "batchkit-demo" / "one.jpg" / "thumb.webp").is_file()


def test_a_project_begins_and_shows_its_variants_in_an_empty_environment(
    environment: Path, tmp_path: Path
) -> None:
    (tmp_path / "beach.jpg").write_bytes(picture(640, 480))

    assert said(environment, tmp_path, "batchkit", "--version") == f"batchkit, version {__version__}\n"
    said(environment, tmp_path, "batchkit", "init", "photos")
    assert "thumb, small, medium" in said(environment, tmp_path / "photos", "batchkit", "check")
    said(environment, tmp_path / "photos", "batchkit", "preview", tmp_path / "beach.jpg")

    thumb = tmp_path / "photos/batchkit-preview/beach.jpg/thumb.webp"
    assert size_and_format(thumb.read_bytes()) == ((200, 200), "WEBP")


def test_every_shipped_job_is_found_and_nothing_is_of_the_checkout(environment: Path, tmp_path: Path) -> None:
    script = "\n".join(
        (
            "import sys, batchkit.cli.main",
            "from importlib.metadata import entry_points",
            "for point in sorted(entry_points(group='batchkit.jobs'), key=str):",
            "    print(point.name, point.load().version)",
            "print(*{one.__file__ for one in sys.modules.values() if getattr(one, '__file__', None)})",
        )
    )
    *jobs, files = said(environment, tmp_path, "python", "-I", "-c", script).splitlines()

    assert [line.split()[0] for line in jobs] == ["image-facts", "image-variants"]
    assert str(environment.parent) in files
    assert f"{ROOT}/" not in files


def test_a_command_that_needs_more_says_what_to_install(environment: Path, tmp_path: Path) -> None:
    done = run(environment / "batchkit", "demo", cwd=tmp_path, path=environment)

    assert done.returncode == 78
    assert "pip install 'batchkit[local]'" in done.stderr
