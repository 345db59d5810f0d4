"""Tests of batchkit.aws.errors: one cause, one exit code."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from hypothesis import given
from hypothesis import strategies as st

from batchkit.aws.errors import translated
from batchkit.errors import (
    EX_CONFIG,
    EX_NOPERM,
    EX_SOFTWARE,
    EX_TEMPFAIL,
    BatchkitError,
    ConfigError,
    DataError,
    Rejected,
)


def answer(code: str, status: int) -> boto.ClientError:
    return boto.ClientError(
        {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Operation",
    )


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (answer("AccessDenied", 403), EX_NOPERM),
        (answer("403", 403), EX_NOPERM),
        (answer("AccessDeniedException", 400), EX_NOPERM),
        (answer("UnrecognizedClientException", 400), EX_NOPERM),
        (answer("ExpiredToken", 400), EX_NOPERM),
        (answer("SlowDown", 503), EX_TEMPFAIL),
        (answer("TooManyRequestsException", 400), EX_TEMPFAIL),
        (answer("ProvisionedThroughputExceededException", 400), EX_TEMPFAIL),
        (answer("ServerException", 500), EX_TEMPFAIL),
        (answer("502", 502), EX_TEMPFAIL),
        (answer("NoSuchBucket", 404), EX_CONFIG),
        (answer("ResourceNotFoundException", 400), EX_CONFIG),
        (answer("301", 301), EX_CONFIG),
        (answer("ValidationException", 400), EX_SOFTWARE),
        (boto.NoRegionError(), EX_CONFIG),
        (boto.NoCredentialsError(), EX_CONFIG),
        (boto.PartialCredentialsError(provider="env", cred_var="x"), EX_CONFIG),
        (boto.ProfileNotFound(profile="x"), EX_CONFIG),
        (boto.InvalidRegionError(region_name="x y"), EX_CONFIG),
        (boto.EndpointConnectionError(endpoint_url="http://x"), EX_TEMPFAIL),
        (boto.ReadTimeoutError(endpoint_url="http://x"), EX_TEMPFAIL),
        (boto.ConnectionClosedError(endpoint_url="http://x"), EX_TEMPFAIL),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), EX_TEMPFAIL),
        (boto.ParamValidationError(report="x"), EX_SOFTWARE),
    ],
)
def test_each_cause_has_its_exit_code(error: Exception, exit_code: int) -> None:
    with pytest.raises(BatchkitError, match="reading a thing") as caught, translated("reading a thing"):
        raise error
    assert caught.value.exit_code == exit_code
    assert caught.value.__cause__ is error


@given(code=st.text(), status=st.integers(0, 599))
def test_no_answer_is_left_untranslated(code: str, status: int) -> None:
    with pytest.raises(BatchkitError), translated("asking"):
        raise answer(code, status)


@pytest.mark.parametrize("error", [DataError("x"), ConfigError("x"), Rejected("X", "x"), KeyError("x")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated("asking"):
        raise error
    assert caught.value is error
