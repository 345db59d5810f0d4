"""The endpoint as SDKs, the aws CLI and bare HTTP see it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from support.stack_world import StackWorld

AWS = Path(sys.executable).parent / "aws"


def aws(world: StackWorld, folder: Path, *arguments: str) -> str:
    """Runs the aws CLI with the stack's environment and nothing of this machine's."""
    environment = {**world.stack.environment, "HOME": str(folder), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [str(AWS), *arguments], env=environment, capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("key", ["uploads/phöto +%25 1.jpg", "a//b"])
def test_the_aws_cli_copies_files_there_and_back(world: StackWorld, tmp_path: Path, key: str) -> None:
    bucket = f"cli-{len(key)}"
    world.bucket(bucket)
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" * 1000)
    aws(world, tmp_path, "s3", "cp", "photo.jpg", f"s3://{bucket}/{key}")
    aws(world, tmp_path, "s3", "cp", f"s3://{bucket}/{key}", "back.jpg")
    assert (tmp_path / "back.jpg").read_bytes() == (tmp_path / "photo.jpg").read_bytes()
    events = [trace.data["event"] for trace in world.traces if trace.kind == "event"]
    assert [
        event["detail"]["object"]["key"]
        for event in events
        if event["resources"] == [f"arn:aws:s3:::{bucket}"]
    ] == [key]


def test_the_aws_cli_uploads_in_parts(world: StackWorld, tmp_path: Path) -> None:
    bucket = world.bucket("cli-parts")
    (tmp_path / "big.bin").write_bytes(os.urandom(9 * 1024 * 1024))
    aws(world, tmp_path, "s3", "cp", "big.bin", f"s3://{bucket}/big.bin")
    assert world.s3.head_object(Bucket=bucket, Key="big.bin")["ContentLength"] == 9 * 1024 * 1024


def test_a_body_in_signed_chunks_with_a_trailing_checksum_arrives_whole(world: StackWorld) -> None:
    bucket = world.bucket("chunks")
    body = os.urandom(300_000)
    world.s3.put_object(Bucket=bucket, Key="a", Body=body, ChecksumAlgorithm="SHA256")
    assert world.s3.get_object(Bucket=bucket, Key="a")["Body"].read() == body


def test_a_client_that_expects_100_continue_gets_it_once(world: StackWorld) -> None:
    bucket = world.bucket("expects")
    url = world.s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a"})
    parts = urllib.parse.urlsplit(url)
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as client:
        client.sendall(head.encode())
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hello")
        answer = b"".join(iter(lambda: client.recv(1000), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_connection_is_used_for_many_requests(world: StackWorld) -> None:
    connection = HTTPConnection(world.stack.endpoint.removeprefix("http://"))
    world.bucket("kept")
    local_ports = set()
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, "/kept")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        local_ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(local_ports) == 1


def test_of_many_conditional_writes_exactly_one_wins(world: StackWorld) -> None:
    dynamodb, bucket = world.client("dynamodb", max_pool_connections=20), world.bucket("race")
    dynamodb.create_table(
        TableName="race",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    start = threading.Barrier(8)

    def claim(number: int) -> tuple[bool, bool]:
        start.wait()
        return (
            attempt(lambda: world.s3.put_object(Bucket=bucket, Key="one", Body=b"", IfNoneMatch="*")),
            attempt(
                lambda: dynamodb.put_item(
                    TableName="race",
                    Item={"pk": {"S": "one"}, "by": {"N": str(number)}},
                    ConditionExpression="attribute_not_exists(pk)",
                )
            ),
        )

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(claim, range(8)))
    assert sum(in_s3 for in_s3, _ in won) == 1
    assert sum(in_dynamodb for _, in_dynamodb in won) == 1


def attempt(call: object) -> bool:
    try:
        call()  # type: ignore[operator]
    except ClientError as error:
        assert error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalCheckFailedException"}
        return False
    return True


def test_a_receiver_that_waits_does_not_keep_the_sender_out(world: StackWorld) -> None:
    url = world.sqs.create_queue(QueueName="waited")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(world.sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        world.sqs.send_message(QueueUrl=url, MessageBody="there")
        assert waiting.result()["Messages"][0]["Body"] == "there"


def test_batch_jobs_are_local_batch_s_and_their_logs_are_readable(world: StackWorld) -> None:
    batch = world.client("batch")
    with pytest.raises(ClientError, match=r"ClientException.*JobQueue nowhere not found"):
        batch.list_jobs(jobQueue="nowhere")
    assert batch.describe_jobs(jobs=["unknown"])["jobs"] == []
    with pytest.raises(ClientError, match="ClientException"):
        batch.describe_jobs(jobs=[str(number) for number in range(101)])


def test_put_events_takes_and_refuses_entry_by_entry(world: StackWorld) -> None:
    entries = [
        {"Source": "mine", "DetailType": "t", "Detail": "{}"},
        {"Source": "aws.s3", "DetailType": "t", "Detail": "{}"},
        {"Source": "mine", "DetailType": "t", "Detail": "[1]"},
        {"Source": "mine", "DetailType": "t", "Detail": "{"},
        {"Source": "mine", "Detail": "{}"},
    ]
    answer = world.events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 4
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "NotAuthorizedForSourceException",
        "MalformedDetail",
        "MalformedDetail",
        "InvalidArgument",
    ]
    assert len(answer["Entries"][0]["EventId"]) == 36


def test_put_events_has_a_size_and_a_count(world: StackWorld) -> None:
    entry = {"Source": "mine", "DetailType": "t", "Detail": "{}"}
    with pytest.raises(ClientError, match="ValidationException"):
        world.events.put_events(Entries=[entry] * 11)
    big = json.dumps({"x": "é" * 600_000})
    with pytest.raises(ClientError, match="ValidationException"):
        world.events.put_events(Entries=[{**entry, "Detail": big}])


@pytest.mark.parametrize(
    "entries",
    [
        None,
        "text",
        {},
        [],
        ["text"],
        [{"Source": "mine", "DetailType": "t", "Detail": "{}"}, 1],
        [{"Source": "mine", "DetailType": 1, "Detail": "{}"}],
        [{"Source": "mine", "DetailType": "t", "Detail": {}}],
        [{"Source": "mine", "DetailType": "t", "Detail": "{}", "Time": "soon"}],
    ],
)
def test_malformed_entries_are_refused_as_a_whole(world: StackWorld, entries: object) -> None:
    connection = HTTPConnection(world.stack.endpoint.removeprefix("http://"))
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/events/aws4_request, Signature=0",
        "X-Amz-Target": "AWSEvents.PutEvents",
    }
    connection.request("POST", "/", json.dumps({"Entries": entries}), headers)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["__type"]) == (400, "ValidationException")
    connection.close()


def test_an_unsupported_request_is_an_error_that_is_not_retried(world: StackWorld) -> None:
    with pytest.raises(ClientError) as caught:
        world.client("stepfunctions").list_state_machines(nextToken="x" * 10)
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_rubbish_does_not_stop_the_endpoint(world: StackWorld) -> None:
    host, port = world.stack.endpoint.removeprefix("http://").split(":")
    for rubbish in (b"\x00\x01\x02", b"GET\r\n\r\n", b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"):
        with socket.create_connection((host, int(port))) as client:
            client.sendall(rubbish)
            client.shutdown(socket.SHUT_WR)
            client.recv(1000)
    assert world.s3.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
