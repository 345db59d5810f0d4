"""Tests with a real Docker engine: one engine, one worker image, both found or made once a session.

Without an engine they are skipped; with BATCHKIT_REQUIRE_DOCKER=1 (as in CI) they fail instead.
"""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess
import sys
import tempfile
import warnings
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from support import required

from batchkit.cli.image import BASE, COMPILER
from batchkit.deploy.image import base as bases
from batchkit.deploy.image import build
from batchkit.deploy.image import engine as engines
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker import DockerClient

REQUIRE = "BATCHKIT_REQUIRE_DOCKER"
HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "containers: needs a Docker engine (all of tests/containers)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.containers)


def missing(reason: str) -> NoReturn:
    """What a test needs is not here."""
    required.missing(REQUIRE, reason)


@pytest.fixture(scope="session")
def absent() -> Callable[[str], NoReturn]:
    """Call it with a reason when something else that a test needs is not here."""
    return missing


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerClient]:
    """A client of the Docker engine that answers here."""
    with closing(_connect()) as client:
        yield client


@pytest.fixture(scope="session")
def base_image(engine: DockerClient) -> str:
    """The name of the base image: BATCHKIT_BASE_IMAGE, else one built from Debian packages, once."""
    named = os.environ.get(BASE)
    with _alone("base"):
        return _present(engine, named) if named else _built([ROOT / "containers/base/build"])


@pytest.fixture(scope="session")
def compiler_image(engine: DockerClient) -> str:
    """The image to compile in: BATCHKIT_COMPILER_IMAGE, else one built from Debian packages, once."""
    named = os.environ.get(COMPILER)
    with _alone("compiler"):
        return _present(engine, named) if named else _built([ROOT / "containers/base/build", "--compiler"])


@pytest.fixture(scope="session")
def worker_image(engine: DockerClient, base_image: str, compiler_image: str) -> str:
    """The worker image's tag, which is named after its content: the same sources, the same image."""
    with _alone("worker"):
        return build.build(engine, base=base_image, compiler=compiler_image, environ=os.environ).tag


@pytest.fixture(scope="session")
def libvips_image(engine: DockerClient, base_image: str) -> str:
    """The worker image as it is without a compiler, and on ARM64."""
    with _alone("libvips"):
        return build.build(engine, base=base_image, environ={**os.environ, COMPILER: ""}).tag


def _present(engine: DockerClient, name: str) -> str:
    try:
        bases.find(engine, name, None)
    except ConfigError as error:
        missing(f"{BASE}={name}: {error}")
    return name


def _built(script: list[Path | str]) -> str:
    made = subprocess.run(script, capture_output=True, text=True, check=False, timeout=1200)
    sys.stderr.write(made.stderr)
    if made.returncode != 0:
        last = (made.stderr.strip().splitlines() or ["it said nothing"])[-1]
        missing(f"{Path(script[0]).relative_to(ROOT)} ended with exit code {made.returncode}: {last}")
    return made.stdout.strip()


def _connect() -> DockerClient:
    # Where nothing listens, the docker SDK (7.2) leaves its socket to the garbage collector, which warns.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        try:
            return engines.connect(os.environ)
        except ConfigError as error:
            reason = str(error)
        gc.collect()
    missing(reason)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time: pytest-xdist's workers would build the same image side by side."""
    with Path(tempfile.gettempdir(), f"batchkit-tests-{name}-{os.getuid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
