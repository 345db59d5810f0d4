"""`batchkit image`: what a wrong call or a missing engine looks like from the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from batchkit.cli.main import cli
from batchkit.errors import ConfigError

NO_ENGINE = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
REPOSITORY = "127.0.0.1:1/photos-worker"


@pytest.mark.parametrize("arguments", [["build"], ["push", "--repository", REPOSITORY]])
def test_without_an_engine_it_ends_with_the_way_to_get_one(arguments: list[str]) -> None:
    result = CliRunner(env=NO_ENGINE).invoke(cli, ["image", *arguments])

    assert isinstance(result.exception, ConfigError)
    assert "apt-get install docker.io" in str(result.exception)


def test_a_repository_with_a_tag_is_refused_before_anything_is_built() -> None:
    result = CliRunner(env=NO_ENGINE).invoke(cli, ["image", "push", "--repository", f"{REPOSITORY}:1"])

    assert isinstance(result.exception, ConfigError)
    assert result.exception.what == "that is not a repository"


def test_an_unknown_platform_is_refused_with_the_known_ones() -> None:
    result = CliRunner(env=NO_ENGINE).invoke(cli, ["image", "build", "--platform", "windows/amd64"])

    assert result.exit_code == 2
    assert "linux/arm64" in result.output
