"""Which executor runs the jobs of the local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from batchkit.errors import MissingExtra
from batchkit.local.batch.process import ProcessExecutor
from batchkit.local.spot import SpotReclaims
from batchkit.local.trace import Observer, ignore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batchkit.local.batch.executor import Executor
    from batchkit.local.faults import Faults

Kind = Literal["process", "docker"]
KINDS: tuple[Kind, ...] = ("process", "docker")

# What a forked task calls, and what its server imports before it forks.
_MAIN = "batchkit.entry.worker:main"
_PRELOAD = "batchkit.entry.worker:preload"
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
) -> Executor:
    """The executor `kind` for tasks that get `environment` besides their own variables.

    `uses` are the jobs that the process executor imports ahead; `image` runs in the place of the one that a
    job definition names (docker only). Raises MissingExtra or ConfigError when there is no engine.
    """
    executor = _docker(environment, image, observe) if kind == "docker" else _process(environment, uses)
    if faults is not None and faults.spot > 0:
        return SpotReclaims(executor, faults)
    return executor


def _process(environment: Mapping[str, str], uses: Sequence[str]) -> Executor:
    return ProcessExecutor(environment=environment, main=_MAIN, preload=_PRELOAD, preload_arguments=uses)


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
