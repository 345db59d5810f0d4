"""Building: what is told of a build, and of one that fails."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from batchkit import __version__
from batchkit.deploy.image import build, engine
from batchkit.deploy.image.base import Base
from batchkit.deploy.image.wheels import Target

BASE = Base(
    name="r/python:3.13@sha256:bb",
    id="sha256:aa",
    pin="r/python@sha256:bb",
    platform="linux/amd64",
    target=Target("3.13", "x86_64", 36),
)


def test_the_labels_say_version_base_and_jobs() -> None:
    labels = build.labels(BASE)

    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.base.name"] == "r/python:3.13"
    assert labels["org.opencontainers.image.base.digest"] == "sha256:bb"
    assert {"batchkit.job.image-variants", "batchkit.job.image-facts"} <= set(labels)


def test_the_commit_is_no_part_of_what_names_the_image() -> None:
    assert build.LABEL_REVISION not in build.labels(BASE)


@pytest.mark.parametrize(
    ("created_by", "text"),
    [
        ("/bin/sh -c #(nop) COPY dir:1 in /opt ", "COPY dir:1 in /opt"),
        ("python3 /build/install.py", "python3 /build/install.py"),
        ("", "(imported)"),
    ],
)
def test_a_layers_step_is_told_without_the_engines_decoration(created_by: str, text: str) -> None:
    assert build.step_text(created_by) == text


def test_a_failing_step_is_told_with_its_output() -> None:
    error = build.failed("batchkit-worker:1", engine.StreamError("exit code 1", ("hashes do not match",)))

    assert "hashes do not match" in str(error)
    assert "exit code 1" in str(error)


def test_a_foreign_processor_is_told_with_the_way_to_emulate_it() -> None:
    error = build.failed("batchkit-worker:1", engine.StreamError("exec /x: exec format error", ()))

    assert "qemu-user-static" in str(error)


def test_the_commit_is_what_the_environment_says() -> None:
    assert build.revision({build.REVISION: "0123abcd"}) == "0123abcd"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A repository with one file in one commit; the commit."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    (tmp_path / "file").write_text("first\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "file")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "first")
    return tmp_path, git(tmp_path, "rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_clean_checkout_is_its_commit(checkout: tuple[Path, str]) -> None:
    root, commit = checkout
    assert build.revision({}, root) == commit


@pytest.mark.parametrize("name", ["file", "new"])
def test_a_checkout_with_uncommitted_changes_says_so(checkout: tuple[Path, str], name: str) -> None:
    root, commit = checkout
    (root / name).write_text("second\n")
    assert build.revision({}, root) == f"{commit}-dirty"


def test_sources_outside_of_a_checkout_have_no_commit(tmp_path: Path) -> None:
    assert build.revision({}, tmp_path) == ""
