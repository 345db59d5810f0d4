"""Tests of batchkit.aws.clients: built once, when asked for, with one configuration."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.moto_world import session

from batchkit import __version__
from batchkit.aws.clients import ATTEMPTS, Clients
from batchkit.errors import ConfigError

SERVICES = (
    "batch",
    "cloudformation",
    "dynamodb",
    "ec2",
    "events",
    "functions",
    "logs",
    "s3",
    "sns",
    "sqs",
    "sts",
)


def test_each_service_has_one_client_however_many_threads_ask() -> None:
    clients = Clients(session())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: clients.sqs, range(16)))
    assert len({id(client) for client in found}) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_every_client_is_of_the_session_and_carries_batchkits_configuration(service: str) -> None:
    meta = getattr(Clients(session()), service).meta
    assert meta.region_name == "us-east-1"
    assert meta.service_model.service_name == {"functions": "lambda"}.get(service, service)
    assert meta.config.user_agent_extra == f"batchkit/{__version__}"
    assert meta.config.retries["total_max_attempts"] == ATTEMPTS
    assert (meta.config.connect_timeout, meta.config.read_timeout) == (10, 60)


def test_a_missing_region_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    without = Clients()
    with pytest.raises(ConfigError, match="AWS_REGION"):
        without.dynamodb  # noqa: B018 - looking at it builds it
    assert without.region is None


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
    ],
)
def test_both_variables_of_the_region_are_understood(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], region: str
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Clients().sqs.meta.region_name == region


def test_an_unknown_profile_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="nobody"):
        Clients().s3  # noqa: B018 - looking at it builds it


def test_nothing_happens_before_a_client_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    Clients()


def test_what_runs_in_a_lambda_needs_the_standard_library_and_boto3_only() -> None:
    program = (
        "import sys, batchkit.aws.clients, batchkit.aws.errors, batchkit.aws.ledger;"
        "print(sorted({'msgspec', 'click', 'rich', 'moto', 'docker', 'PIL', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
