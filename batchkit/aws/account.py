"""Whose credentials these are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


def account_id(client: STSClient) -> str:
    """The 12 digits of the account. Raises ConfigError or PermissionDenied without valid credentials."""
    with translated("asking AWS whose credentials these are"):
        return client.get_caller_identity()["Account"]
