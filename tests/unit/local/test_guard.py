"""Whom the endpoint answers: the programs of this machine, and no web page of somebody else."""

from __future__ import annotations

import http.client
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from batchkit.local import guard
from batchkit.local.server import Call, Reply

if TYPE_CHECKING:
    from support.stack_world import StackWorld


def call(path: str = "/", **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call({"PATH_INFO": path}, b"", Headers({"Host": "127.0.0.1:4566", **named}))


def ask(
    world: StackWorld, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """What bare HTTP gets, with just these headers besides Host."""
    place = world.stack.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(place)
    try:
        connection.request(method, path, body, {"Host": place, **headers})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4566",
        "localhost:4566",
        "LocalHost",
        "bucket.localhost:4566",
        "my.bucket_1.s3.localhost",
        "[::1]:4566",
        "host.docker.internal:4566",
    ],
)
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert guard.refusal(call(Host=host)) is None
    assert guard.refusal(call(Origin=f"http://{host}")) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:4566",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "127.0.0.1,evil.example",
        "127.0.0.1:4566@evil.example",
        "127x0x0x1",
        "localhost:",
        "10.0.0.1",
        "a.host.docker.internal",
    ],
)
def test_other_names_are_refused_with_the_reason(host: str) -> None:
    for refused in (guard.refusal(call(Host=host)), guard.refusal(call(Origin=f"http://{host}"))):
        assert refused is not None
        assert refused.status == 403
        assert refused.headers == (("Content-Type", "text/plain; charset=utf-8"),)
        assert b"127.0.0.1, localhost" in refused.body


@given(st.from_regex(r"[a-z0-9.-]{1,30}\.(com|example|localhost\.io)(:[0-9]{1,5})?", fullmatch=True))
def test_no_name_of_the_internet_passes(host: str) -> None:
    assert guard.refusal(call(Host=host)) is not None


@pytest.mark.parametrize("origin", ["null", "", "file://localhost", "http://localhost/path", "localhost"])
def test_what_is_no_origin_of_this_machine_is_refused(origin: str) -> None:
    assert guard.refusal(call(Origin=origin)) is not None


def test_links_and_images_of_other_sites_are_refused_and_typed_addresses_are_not() -> None:
    assert guard.refusal(call(Sec_Fetch_Site="cross-site")) is not None
    for site in ("none", "same-origin", "same-site"):
        assert guard.refusal(call(Sec_Fetch_Site=site)) is None
    # Pages at localhost and at 127.0.0.1 are of different sites; their Origin says more.
    assert guard.refusal(call(Sec_Fetch_Site="cross-site", Origin="http://localhost:3000")) is None


@pytest.mark.parametrize("path", ["/moto-api", "/moto-api/reset", "/moto-api/data.json"])
def test_motos_own_api_is_refused(path: str) -> None:
    assert guard.refusal(call(path)) is not None


def test_only_the_headers_of_cors_are_taken_away() -> None:
    reply = Reply(
        200, (("ETag", '"1"'), ("access-control-allow-origin", "*"), ("Access-Control-Max-Age", "9")), b"x"
    )
    assert guard.without_cors(reply) == Reply(200, (("ETag", '"1"'),), b"x")


def test_a_page_that_rebinds_its_name_reaches_nothing(world: StackWorld) -> None:
    world.bucket("rebound")
    status, _, body = ask(world, "GET", "/rebound", {"Host": "evil.example"})
    assert (status, body.split(b":")[0]) == (403, b"Refused")
    status, _, _ = ask(world, "GET", "http://evil.example/rebound", {})
    assert status == 403


def test_a_page_of_another_origin_changes_nothing_and_reads_nothing(world: StackWorld) -> None:
    bucket = world.bucket("cross-site")
    status, headers, _ = ask(world, "PUT", f"/{bucket}/key", {"Origin": "https://evil.example"}, b"x")
    assert status == 403
    assert world.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert not [name for name in headers if name.startswith("access-control")]


def test_not_even_a_page_of_this_machine_gets_headers_of_cors(world: StackWorld) -> None:
    world.bucket("no-cors")
    for method in ("GET", "OPTIONS"):
        _, headers, _ = ask(world, method, "/no-cors", {"Origin": "http://localhost:3000"})
        assert not [name for name in headers if name.startswith("access-control")]


def test_motos_own_api_is_not_served_however_it_is_spelt(world: StackWorld) -> None:
    bucket = world.bucket("survives")
    for path in ("/moto-api/reset", "/%6doto-api/reset"):
        assert ask(world, "POST", path, {})[0] == 403
    assert world.s3.head_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/submitjob", {}),
        ("/v1/terminatejob", {}),
        ("/", {"X-Amz-Target": "AWSEvents.PutEvents"}),
        ("/2015-03-31/functions/any/invocations", {}),
    ],
)
def test_what_starts_work_needs_a_signature(world: StackWorld, path: str, headers: dict[str, str]) -> None:
    status, answered, _ = ask(world, "POST", path, headers, b"{}")
    assert (status, answered["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")


def test_without_a_signature_no_path_and_no_parameter_leads_past_s3(world: StackWorld) -> None:
    queue = world.queue("not-deleted")
    url = urllib.parse.quote(world.sqs.get_queue_url(QueueName="not-deleted")["QueueUrl"])
    query = f"Action=DeleteQueue&QueueUrl={url}&Version=2012-11-05"
    for path in ("/", "/sqs_us-east-1/", "/123456789012/not-deleted"):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for more in ("", "&X-Amz-Credential=k/20260101/us-east-1/sqs/aws4_request"):
            ask(world, "GET", f"{path}?{query}{more}", {})
            ask(world, "POST", path, form, (query + more).encode())
    assert world.messages(queue) == []


@pytest.mark.parametrize("key", ["photo.jpg", "my_folder/photo.jpg"])
def test_a_bucket_may_be_the_first_label_of_the_host(world: StackWorld, key: str) -> None:
    bucket = world.bucket(f"virtual-{len(key)}")
    port = world.stack.endpoint.rpartition(":")[2]
    virtual = world.client("s3", endpoint=f"http://localhost:{port}", s3={"addressing_style": "virtual"})
    for operation, method, body in (("put_object", "PUT", b"x"), ("get_object", "GET", b"")):
        url = urllib.parse.urlsplit(virtual.generate_presigned_url(operation, {"Bucket": bucket, "Key": key}))
        assert url.netloc == f"{bucket}.localhost:{port}"
        status, _, answer = ask(world, method, f"{url.path}?{url.query}", {"Host": url.netloc}, body)
        assert status == 200
    assert answer == b"x"
    assert world.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"
