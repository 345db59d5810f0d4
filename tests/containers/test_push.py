"""Pushing to a real registry: Debian's docker-registry on this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from batchkit.deploy.image import push
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import NoReturn

    from docker import DockerClient

PATIENCE_SECONDS = 300

CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, absent: Callable[[str], NoReturn]) -> Iterator[str]:
    """`127.0.0.1:<port>` of a registry that is empty, and gone after the module's tests."""
    program = shutil.which("docker-registry") or absent("there is no docker-registry program")
    folder, port = tmp_path_factory.mktemp("registry"), free_port()
    config = folder / "config.yml"
    config.write_text(CONFIG.format(folder=folder, port=port), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", config], stdout=log, stderr=log)
    try:
        wait_for(port, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def test_what_was_pushed_can_be_pulled_by_its_digest(
    engine: DockerClient, worker_image: str, registry: str
) -> None:
    pushed = push.push(engine, worker_image, f"{registry}/photos-worker")

    try:
        pulled = engine.images.pull(pushed.image)
        assert pulled.id == engine.images.get(worker_image).id
    finally:
        for tag in pushed.tags:
            engine.images.remove(f"{registry}/photos-worker:{tag}")
    assert pushed.tags == (worker_image.partition(":")[2], "latest")


def test_a_registry_that_does_not_answer_is_told(engine: DockerClient, worker_image: str) -> None:
    repository = f"127.0.0.1:{free_port()}/photos-worker"

    try:
        with pytest.raises(ConfigError, match="could not be pushed"):
            push.push(engine, worker_image, repository)
    finally:
        engine.images.remove(f"{repository}:{worker_image.partition(':')[2]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        except OSError:
            if time.monotonic() > until:
                pytest.fail(f"no registry answers: {log.read_text()}")
            time.sleep(0.05)
