"""Tests of batchkit.local.operations: the names of calls, as boto3's own clients make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from support.answers import Raw
from support.stack_world import REGION, session
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from batchkit.local.operations import operation
from batchkit.local.server import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

CALLS: list[tuple[str, str, Mapping[str, Any]]] = [
    ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "p"}),
    ("s3", "get_object", {"Bucket": "b", "Key": "k/ü x", "Range": "bytes=0-1"}),
    ("s3", "head_object", {"Bucket": "b", "Key": "k"}),
    ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"x"}),
    ("s3", "copy_object", {"Bucket": "b", "Key": "k", "CopySource": "b/k"}),
    ("s3", "create_multipart_upload", {"Bucket": "b", "Key": "k"}),
    ("s3", "upload_part", {"Bucket": "b", "Key": "k", "PartNumber": 1, "UploadId": "u", "Body": b"x"}),
    ("s3", "complete_multipart_upload", {"Bucket": "b", "Key": "k", "UploadId": "u"}),
    ("s3", "abort_multipart_upload", {"Bucket": "b", "Key": "k", "UploadId": "u"}),
    ("s3", "get_bucket_location", {"Bucket": "b"}),
    ("batch", "submit_job", {"jobName": "n", "jobQueue": "q", "jobDefinition": "d"}),
    ("batch", "list_jobs", {"jobQueue": "q"}),
    ("dynamodb", "query", {"TableName": "t"}),
    ("sts", "get_caller_identity", {}),
    ("ec2", "describe_spot_price_history", {}),
    ("sns", "list_topics", {}),
    ("lambda", "invoke", {"FunctionName": "f"}),
]


@pytest.mark.parametrize(("service", "method", "arguments"), CALLS)
def test_a_call_is_called_as_the_sdk_calls_it(
    service: str, method: str, arguments: Mapping[str, Any]
) -> None:
    found: list[str] = []
    client = session().client(
        service,
        endpoint_url="http://127.0.0.1:1",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )

    def answer(request: Any, **_: Any) -> AWSResponse:
        found.append(operation(as_call(request)))
        return AWSResponse(request.url, 200, {}, Raw(b""))

    client.meta.events.register_first("before-send.*.*", answer)
    try:
        getattr(client, method)(**arguments)
    except Exception:
        assert found
    assert found == [client.meta.method_to_api_mapping[method]]


def as_call(request: Any) -> Call:
    """The request as the local endpoint reads it."""
    headers = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
    }
    body = request.body if isinstance(request.body, bytes) else (request.body or "")
    data = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
    path, _, query = request.url.removeprefix("http://127.0.0.1:1").partition("?")
    environ = EnvironBuilder(method=request.method).get_environ()
    environ |= {"RAW_URI": path, "QUERY_STRING": query}
    return Call(environ, data, Headers(headers))


def test_a_call_without_a_signature_has_no_name() -> None:
    environ = EnvironBuilder(path="/v1/submitjob", method="POST").get_environ()
    assert operation(Call(environ, b"", Headers())) == ""
