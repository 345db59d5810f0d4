"""A task as a container, as data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.docker_engine import task

from batchkit.local.batch.executor import Task
from batchkit.local.docker.engine import Host
from batchkit.local.docker.options import container_options, reachable, unsupported

HERE = Host(cpus=4)
DESKTOP = Host(cpus=4, is_this=False)
MIB = 1024 * 1024


def options(wanted: Task, host: Host = HERE, **environment: str) -> dict[str, Any]:
    return container_options(
        wanted, image="local:1", environment=environment, host=host, labels={"batchkit.stack": "s"}
    )


def test_a_task_becomes_these_options_and_no_others() -> None:
    wanted = task(7, "upload", "a b; rm -rf /", user="10001:10001", readonlyRootFilesystem=True)
    assert options(wanted, AWS_ENDPOINT_URL="http://127.0.0.1:5000") == {
        "image": "local:1",
        "command": ["upload", "a b; rm -rf /"],
        "environment": {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_BATCH_JOB_ID": "job7"},
        "name": "batchkit-task7",
        "labels": {"batchkit.stack": "s"},
        "user": "10001:10001",
        "read_only": True,
        "ulimits": [],
        "mounts": [],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": 1024,
        "log_config": {"type": "none"},
        "cpu_shares": 1024,
        "mem_limit": 512 * MIB,
        "memswap_limit": 512 * MIB,
        "init": False,
        "tmpfs": {},
        "network_mode": "host",
    }


def test_a_definition_without_a_command_or_user_leaves_them_to_the_image() -> None:
    made = options(task())
    assert (made["command"], made["user"], made["read_only"]) == (None, None, False)


def test_the_tasks_variables_win_over_the_base() -> None:
    assert options(task(), AWS_BATCH_JOB_ID="base")["environment"] == {"AWS_BATCH_JOB_ID": "job1"}


@pytest.mark.parametrize(("vcpus", "shares"), [(0.25, 256), (1, 1024), (0.001, 2), (1000, 262_144)])
def test_on_ec2_vcpus_are_a_weight(vcpus: float, shares: int) -> None:
    made = options(task(vcpus=vcpus))
    assert made["cpu_shares"] == shares
    assert "nano_cpus" not in made


@pytest.mark.parametrize("member", ["networkConfiguration", "fargatePlatformConfiguration"])
@pytest.mark.parametrize(("vcpus", "nano"), [(0.25, 250_000_000), (2, 2_000_000_000), (16, 4_000_000_000)])
def test_on_fargate_vcpus_are_a_limit_but_never_more_than_the_machine_has(
    member: str, vcpus: float, nano: int
) -> None:
    made = options(task(vcpus=vcpus, **{member: {"some": "thing"}}))
    assert made["nano_cpus"] == nano
    assert "cpu_shares" not in made


@given(st.integers(6, 1 << 20), st.integers(0, 1 << 20))
def test_memory_is_hard_and_swap_is_only_what_the_definition_grants(memory: int, swap: int) -> None:
    made = options(task(memory=memory, linuxParameters={"maxSwap": swap}))
    assert made["mem_limit"] == memory * MIB
    assert made["memswap_limit"] == (memory + swap) * MIB


@pytest.mark.parametrize("memory", [4, 5])
def test_memory_is_never_less_than_the_engine_allows(memory: int) -> None:
    made = options(task(memory=memory, linuxParameters={"maxSwap": 2}))
    assert (made["mem_limit"], made["memswap_limit"]) == (6 * MIB, 8 * MIB)


def test_linux_parameters_are_honoured() -> None:
    linux = {
        "initProcessEnabled": True,
        "sharedMemorySize": 128,
        "tmpfs": [
            {"containerPath": "/tmp", "size": 64, "mountOptions": ["noexec", "mode=1777"]},  # noqa: S108
            {"containerPath": "/scratch", "size": 8},
        ],
    }
    made = options(task(linuxParameters=linux, ulimits=[{"name": "nofile", "softLimit": 1, "hardLimit": 2}]))
    assert made["init"] is True
    assert made["shm_size"] == 128 * MIB
    assert made["tmpfs"] == {"/tmp": "size=64m,noexec,mode=1777", "/scratch": "size=8m"}  # noqa: S108
    assert made["ulimits"] == [{"Name": "nofile", "Soft": 1, "Hard": 2}]


def test_a_volume_without_a_host_path_is_a_labelled_unnamed_volume() -> None:
    wanted = task(
        volumes=[{"name": "scratch", "host": {}}],
        mountPoints=[{"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": False}],
    )
    assert unsupported(wanted.container) is None
    (mount,) = options(wanted)["mounts"]
    assert mount == {
        "Type": "volume",
        "Target": "/scratch",
        "ReadOnly": False,
        "VolumeOptions": {"Labels": {"batchkit.stack": "s"}},
    }


@pytest.mark.parametrize(
    "container",
    [
        {"privileged": True},
        {"linuxParameters": {"devices": [{"hostPath": "/dev/sda"}]}},
        {"secrets": [{"name": "PASSWORD", "valueFrom": "arn:aws:ssm:::parameter/x"}]},
        {"volumes": [{"name": "root", "host": {"sourcePath": "/"}}]},
        {"volumes": [{"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
    ],
)
def test_what_would_reach_into_the_host_is_refused(container: dict[str, Any]) -> None:
    assert unsupported(container) is not None


def test_an_ordinary_definition_is_supported() -> None:
    ordinary = {"privileged": False, "secrets": [], "volumes": [], "linuxParameters": {"devices": []}}
    assert unsupported(ordinary) is None


def test_a_container_in_a_virtual_machine_goes_through_the_name_of_the_host() -> None:
    made = options(task(), DESKTOP, AWS_ENDPOINT_URL="http://127.0.0.1:5000")
    assert made["network_mode"] == "bridge"
    assert made["extra_hosts"] == {"host.docker.internal": "host-gateway"}
    assert made["environment"]["AWS_ENDPOINT_URL"] == "http://host.docker.internal:5000"


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("AWS_ENDPOINT_URL", "http://localhost:5000/", "http://host.docker.internal:5000/"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1", "http://host.docker.internal"),
        ("AWS_ENDPOINT_URL", "https://example.com:1", "https://example.com:1"),
        ("GREETING", "http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("AWS_ENDPOINT_URLS", "http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_only_endpoints_on_the_loopback_are_rewritten(name: str, value: str, seen: str) -> None:
    assert reachable({name: value}, DESKTOP) == {name: seen}
    assert reachable({name: value}, HERE) == {name: value}
