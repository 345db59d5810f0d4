"""Service Quotas: what an account may have of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient


class Quotas:
    """The quotas of one account and region."""

    def __init__(self, client: ServiceQuotasClient) -> None:
        self._client = client

    def value(self, service: str, quota: str) -> float:
        """The account's value, else AWS's default. Raises PermissionDenied, Throttled or ConfigError."""
        with translated(f"reading the quota {quota}"):
            try:
                answer = self._client.get_service_quota(ServiceCode=service, QuotaCode=quota)
            except boto.ClientError as error:
                if code(error) != "NoSuchResourceException":
                    raise
                return self._client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=quota)[
                    "Quota"
                ]["Value"]
        return answer["Quota"]["Value"]
