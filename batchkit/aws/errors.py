"""AWS's errors as batchkit's: one cause, one exit code.

Every call goes through `translated`, so nothing above this floor knows botocore's exceptions.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from batchkit.errors import BatchkitError, ConfigError, InternalError, PermissionDenied, Throttled

if TYPE_CHECKING:
    from collections.abc import Iterator

# Codes of botocore's own "throttling" list and of the services used here; they arrive only after
# the client's retries are used up.
THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)

# Refusals that some services send with HTTP 400 rather than 403.
REFUSED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)

# What is named in the configuration is not there, or lies in another region.
ABSENT = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "NoSuchBucket",
        "PermanentRedirect",
        "ResourceNotFoundException",
    }
)

_UNREACHABLE = (
    boto.ConnectionError,
    boto.FlexibleChecksumError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
)
_NOT_CONFIGURED = (
    boto.BaseEndpointResolverError,
    boto.CredentialRetrievalError,
    boto.EndpointProviderError,
    boto.InvalidRegionError,
    boto.InvalidRetryConfigurationError,
    boto.NoAuthTokenError,
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.ProfileNotFound,
    boto.SSOError,
    boto.TokenRetrievalError,
)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise botocore's errors as batchkit's; `doing` says what was attempted ("reading s3://b/k").

    Raises Throttled (75), PermissionDenied (77), ConfigError (78), and InternalError (70) for a call
    that AWS refuses as wrong: that is a bug of batchkit's, not of its user.
    """
    try:
        yield
    except boto.ClientError as error:
        raise of_answer(error, doing) from error
    except boto.BotoCoreError as error:
        raise of_client(error, doing) from error


def of_answer(error: boto.ClientError, doing: str) -> BatchkitError:
    """The batchkit error for an answer of AWS."""
    name, status = code(error), http_status(error)
    found = f"{name}: {error.response.get('Error', {}).get('Message', '')} (HTTP {status})"
    if name in THROTTLING or status == 429 or status >= 500:
        return Throttled(f"AWS kept failing while {doing}", found=found, fix="try again later")
    if name in REFUSED or status == 403:
        return PermissionDenied(
            f"AWS refused {doing}",
            found=found,
            expected="a role with this permission (and s3:ListBucket: without it a missing key is 403, too)",
            fix="add the permission to the role, or use valid credentials",
        )
    if name in ABSENT or status == 301:
        return ConfigError(
            f"what is needed for {doing} is not there",
            found=found,
            fix="check the name and the region; deploy if it was never created",
        )
    return InternalError(f"AWS did not understand batchkit {doing}", found=found)


def of_client(error: boto.BotoCoreError, doing: str) -> BatchkitError:
    """The batchkit error for a call that never reached AWS or never came back."""
    if isinstance(error, _UNREACHABLE):
        return Throttled(
            f"AWS could not be reached while {doing}",
            found=str(error),
            fix="check the network and AWS_ENDPOINT_URL, or try again later",
        )
    if isinstance(error, _NOT_CONFIGURED):
        return ConfigError(
            f"AWS is not configured for {doing}",
            found=str(error),
            expected="a region and credentials",
            fix="set AWS_REGION and AWS_PROFILE, or give the container a role",
        )
    return InternalError(f"botocore did not accept {doing}", found=str(error))


def code(error: boto.ClientError) -> str:
    """AWS's error code, "" where there is none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def http_status(error: boto.ClientError) -> int:
    """The HTTP status of the answer, 0 where there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
