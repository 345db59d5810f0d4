"""Which executor runs the jobs of the local stack."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from batchkit.errors import MissingExtra
from batchkit.local.batch.process import ProcessExecutor
from batchkit.local.faults import Faults
from batchkit.local.spot import SpotReclaims
from batchkit.local.trace import Observer, ignore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batchkit.local.batch.executor import Executor

Kind = Literal["process", "docker"]
KINDS: tuple[Kind, ...] = ("process", "docker")

# What a forked task calls, and what its server imports before it forks.
_MAIN = "batchkit.entry.worker:main"
_PRELOAD = "batchkit.entry.worker:preload"
# What the worker's image has and a bare process has not. boto3 would find the person's own configuration
# by the password file; a thread of OpenBLAS for each processor would cost time and memory in every child.
_CONTAINER = {
    "PATH": os.defpath,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "OPENBLAS_NUM_THREADS": "1",
}
# To the engine. A container that runs holds one, and needs another one now and then.
_CONNECTIONS = 128


def make_executor(
    kind: Kind,
    environment: Mapping[str, str],
    *,
    uses: Sequence[str] = (),
    image: str | None = None,
    faults: Faults | None = None,
    observe: Observer = ignore,
) -> SpotReclaims:
    """The executor `kind`, whose hosts can be reclaimed. Tasks get `environment` besides their own variables.

    `uses` are the jobs that the process executor imports ahead; `image` runs in the place of the one that a
    job definition names (docker only). Raises MissingExtra or ConfigError when there is no engine.
    """
    executor = _docker(environment, image, observe) if kind == "docker" else _process(environment, uses)
    return SpotReclaims(executor, faults or Faults(), observe=observe)


def _process(environment: Mapping[str, str], uses: Sequence[str]) -> Executor:
    return ProcessExecutor(
        environment={**_CONTAINER, **environment}, main=_MAIN, preload=_PRELOAD, preload_arguments=uses
    )


def _docker(environment: Mapping[str, str], image: str | None, observe: Observer) -> Executor:
    try:
        from batchkit.local.docker.engine import connect  # noqa: PLC0415 (the SDK is optional)
        from batchkit.local.docker.executor import DockerExecutor  # noqa: PLC0415 (as above)
    except ModuleNotFoundError as missing:
        raise MissingExtra("the docker executor", "local", missing.name or "docker") from missing
    return DockerExecutor(
        engine=connect(_CONNECTIONS),
        environment=environment,
        image=lambda named: image or named,
        observe=observe,
    )
