"""A task as a container: what the engine is asked for, as plain data.

Sources: the ECS agent's `dockerHostConfig` and the API reference of ContainerProperties. Stricter than ECS
on purpose: no capabilities, no new privileges, a bounded number of processes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from batchkit.local.batch.model import is_fargate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.local.batch.executor import Task
    from batchkit.local.docker.engine import Host

_MIB = 1024 * 1024
_NANO = 1_000_000_000
# API, ResourceRequirement: "Each vCPU is equivalent to 1,024 CPU shares". The kernel knows 2 to 262,144.
_SHARES_PER_VCPU = 1024
_MIN_SHARES, _MAX_SHARES = 2, 262_144
# Enough for any worker; a fork bomb stops here.
_MAX_PROCESSES = 1024
# The engine refuses less ("Minimum memory limit allowed is 6MB"); AWS Batch takes 4 MiB on EC2.
_MIN_MEMORY = 6 * _MIB
_ENDPOINT = re.compile(r"AWS_ENDPOINT_URL(_.*)?")
_LOOPBACK = ("127.0.0.1", "localhost")
# What Docker Desktop and its like call the machine that they run on.
_OUTSIDE = "host.docker.internal"


def container_options(
    task: Task, *, image: str, environment: Mapping[str, str], host: Host, labels: Mapping[str, str]
) -> dict[str, Any]:
    """The keyword arguments of the docker SDK's `containers.create` for `task`.

    `environment` is the base that the task's own variables go over.
    """
    container = task.container
    return {
        "image": image,
        "command": list(task.command) or None,
        "environment": reachable({**environment, **task.environment}, host),
        "name": f"batchkit-{task.id}",
        "labels": dict(labels),
        "user": container.get("user") or None,
        "read_only": bool(container.get("readonlyRootFilesystem")),
        "ulimits": [_ulimit(each) for each in container.get("ulimits") or ()],
        "mounts": _mounts(container, labels),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": _MAX_PROCESSES,
        # Whoever watches gets the output over a socket: no second copy on the engine's disk.
        "log_config": {"type": "none"},
        **_processor(task, host),
        **_memory(task),
        **_linux(container.get("linuxParameters") or {}),
        **_network(host),
    }


def unsupported(container: Mapping[str, Any]) -> str | None:
    """What this machine must not or cannot give a task that asks for it, None if there is no such thing."""
    if container.get("privileged"):
        return "privileged containers are not run here"
    if (container.get("linuxParameters") or {}).get("devices"):
        return "devices are not given to containers here"
    if container.get("secrets"):
        return "secrets are not resolved here"
    if any(_is_outside(volume) for volume in container.get("volumes") or ()):
        return "volumes of the host and of EFS are not mounted here"
    return None


def reachable(environment: Mapping[str, str], host: Host) -> dict[str, str]:
    """`environment` with endpoints on this machine's loopback as a container on `host` reaches them."""
    if host.is_this:
        return dict(environment)
    return {
        name: _from_outside(value) if _ENDPOINT.fullmatch(name) else value
        for name, value in environment.items()
    }


def _from_outside(url: str) -> str:
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        return url
    place = _OUTSIDE if parts.port is None else f"{_OUTSIDE}:{parts.port}"
    return urlunsplit(parts._replace(netloc=place))


def _network(host: Host) -> dict[str, Any]:
    """The endpoint listens on 127.0.0.1 only, where nobody else can reach it: share that, or go through."""
    if host.is_this:
        return {"network_mode": "host"}
    return {"network_mode": "bridge", "extra_hosts": {_OUTSIDE: "host-gateway"}}


def _processor(task: Task, host: Host) -> dict[str, Any]:
    """On EC2 a weight among neighbours that may use an idle processor, on Fargate a hard limit."""
    vcpus = task.resources.vcpus
    if is_fargate(task.container):
        # The engine refuses more than the machine has.
        return {"nano_cpus": int(min(vcpus, host.cpus) * _NANO)}
    return {"cpu_shares": max(_MIN_SHARES, min(int(vcpus * _SHARES_PER_VCPU), _MAX_SHARES))}


def _memory(task: Task) -> dict[str, Any]:
    """A hard limit. Swap counts against it, as on instances without swap, unless the definition says more."""
    linux = task.container.get("linuxParameters") or {}
    memory = max(_MIN_MEMORY, task.resources.memory * _MIB)
    return {"mem_limit": memory, "memswap_limit": memory + (linux.get("maxSwap") or 0) * _MIB}


def _linux(linux: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "init": bool(linux.get("initProcessEnabled")),
        "tmpfs": {each["containerPath"]: _tmpfs(each) for each in linux.get("tmpfs") or ()},
    }
    if linux.get("sharedMemorySize"):
        options["shm_size"] = linux["sharedMemorySize"] * _MIB
    return options


def _tmpfs(wanted: Mapping[str, Any]) -> str:
    return ",".join([f"size={wanted['size']}m", *(wanted.get("mountOptions") or ())])


def _ulimit(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": wanted["name"], "Soft": wanted["softLimit"], "Hard": wanted["hardLimit"]}


def _mounts(container: Mapping[str, Any], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """A volume without a place on the host is scratch room that goes with the container (API, Host)."""
    return [
        {
            "Type": "volume",
            "Target": point["containerPath"],
            "ReadOnly": bool(point.get("readOnly")),
            "VolumeOptions": {"Labels": dict(labels)},
        }
        for point in container.get("mountPoints") or ()
    ]


def _is_outside(volume: Mapping[str, Any]) -> bool:
    return bool((volume.get("host") or {}).get("sourcePath") or volume.get("efsVolumeConfiguration"))
