"""Logging in to ECR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batchkit.aws import registry
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients

OURS = "123456789012.dkr.ecr.{region}.amazonaws.com/photos-worker"


@pytest.mark.parametrize(
    ("repository", "region"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b", "eu-west-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a", "us-gov-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a", "cn-north-1"),
        ("public.ecr.aws/a/b", None),
        ("127.0.0.1:5000/a", None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/a", None),
    ],
)
def test_the_region_of_a_repository_is_in_its_name(repository: str, region: str | None) -> None:
    assert registry.region_of(repository) == region


def test_a_login_has_a_user_and_a_password_that_no_log_shows(clients: Clients) -> None:
    login = registry.login(clients.ecr, OURS.format(region=clients.region))

    assert login.username == "AWS"
    assert login.password
    assert login.password not in repr(login)


def test_a_repository_of_another_region_is_refused_with_the_region_to_set(clients: Clients) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.login(clients.ecr, OURS.format(region="ap-south-1"))

    assert caught.value.fix == "AWS_REGION=ap-south-1"


@pytest.mark.parametrize(
    ("image", "arn"),
    [
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:latest",
            "arn:aws:ecr:eu-west-1:123456789012:repository/a/b",
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a@sha256:0",
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/a",
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1@sha256:0",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a",
        ),
        ("public.ecr.aws/a/b:1", None),
        ("photos-worker:1", None),
    ],
)
def test_an_image_s_repository_has_an_arn_where_it_is_ecr_s(image: str, arn: str | None) -> None:
    assert registry.repository_arn(image) == arn
