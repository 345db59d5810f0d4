"""Building: what is told of a build, and of one that fails."""

from __future__ import annotations

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
