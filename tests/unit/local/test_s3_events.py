"""Every kind of S3 write, with keys that break what is careless, and the event that it must make."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.stack_world import StackWorld

HOSTILE_KEYS = [
    "in/2026 Q4/report (1)+final.csv",
    "a+b",
    "a%2Bb",
    "100%25",
    "100%",
    "ü/ñ/日本語 🖼.jpg",
    "a//b",
    "/leading",
    "//two",
    "a/../b",
    "a/./b",
    'quote"s',
    "back\\slash",
    "?query=1&x#fragment",
    "a;b:c,d=e'f*<g>{h}|i^j`k~",
    "folder/",
    "k" * 1000,
    "é" * 500,
    "new\nline",
    "\x7f",
]


def details(world: StackWorld, bucket: str) -> list[dict[str, Any]]:
    """The events of a bucket, oldest first."""
    events = (trace.data["event"] for trace in world.traces if trace.kind == "event")
    return [event for event in events if event["detail"].get("bucket", {}).get("name") == bucket]


def test_a_put_makes_a_faithful_event(world: StackWorld) -> None:
    bucket = world.bucket("faithful")
    etag = world.s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"hello")["ETag"]
    [event] = details(world, bucket)
    detail = event["detail"]
    assert {name: event[name] for name in ("version", "detail-type", "source", "account", "region")} == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "region": "us-east-1",
    }
    assert event["resources"] == ["arn:aws:s3:::faithful"]
    assert len(event["id"]) == 36
    assert event["time"].endswith("Z")
    assert detail["bucket"] == {"name": bucket}
    assert detail["reason"] == "PutObject"
    assert detail["source-ip-address"] == "127.0.0.1"
    assert detail["requester"] == "123456789012"
    assert set(detail["object"]) == {"key", "size", "etag", "sequencer"}
    assert detail["object"]["size"] == 5
    assert f'"{detail["object"]["etag"]}"' == etag


def test_the_event_and_the_answer_carry_the_same_request_id(world: StackWorld) -> None:
    bucket = world.bucket("request-id")
    answer = world.s3.put_object(Bucket=bucket, Key="a", Body=b"")
    [event] = details(world, bucket)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"] == event["detail"]["request-id"]


@pytest.mark.parametrize("key", HOSTILE_KEYS, ids=lambda key: key[:12])
def test_a_key_survives_put_get_list_and_event_as_it_is(world: StackWorld, key: str) -> None:
    bucket = "hostile-keys"
    if bucket not in [each["Name"] for each in world.s3.list_buckets()["Buckets"]]:
        world.bucket(bucket)
    world.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert world.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert key in [each["Key"] for each in world.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert details(world, bucket)[-1]["detail"]["object"]["key"] == key


def test_a_bucket_without_eventbridge_is_silent(world: StackWorld) -> None:
    bucket = world.bucket("silent", eventbridge=False)
    world.s3.put_object(Bucket=bucket, Key="a", Body=b"")
    world.s3.delete_object(Bucket=bucket, Key="a")
    assert details(world, bucket) == []


def test_a_copy_is_one_event_of_the_destination(world: StackWorld) -> None:
    source, bucket = world.bucket("copy-from"), world.bucket("copy-to")
    world.s3.put_object(Bucket=source, Key="a +%25é", Body=b"abc")
    world.s3.copy_object(Bucket=bucket, Key="b +%25é", CopySource={"Bucket": source, "Key": "a +%25é"})
    [event] = details(world, bucket)
    assert event["detail"]["reason"] == "CopyObject"
    assert event["detail"]["object"]["key"] == "b +%25é"
    assert event["detail"]["object"]["size"] == 3
    assert len(details(world, source)) == 1


def test_a_multipart_upload_is_one_event_at_its_end(world: StackWorld) -> None:
    bucket, key, part = world.bucket("multipart"), "big +é", b"x" * (5 * 1024 * 1024)
    upload = world.s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    parts = []
    for number, body in ((1, part), (2, b"end")):
        answer = world.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    assert details(world, bucket) == []
    world.s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
    )
    [event] = details(world, bucket)
    assert event["detail"]["reason"] == "CompleteMultipartUpload"
    assert event["detail"]["object"]["size"] == len(part) + 3
    assert event["detail"]["object"]["etag"].endswith("-2")


def test_a_browser_upload_is_a_post(world: StackWorld) -> None:
    bucket = world.bucket("browser")
    form = world.s3.generate_presigned_post(bucket, "form/é +.txt")
    fields = {**form["fields"], "file": "content"}
    lines = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"{"; filename=x" if name == "file" else ""}'
        f"\r\n\r\n{value}\r\n"
        for name, value in fields.items()
    ]
    request = urllib.request.Request(  # noqa: S310 (the stack's own address)
        f"{world.stack.endpoint}/{bucket}",
        data=("".join(lines) + "--b--\r\n").encode(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 204
    [event] = details(world, bucket)
    assert event["detail"]["reason"] == "POST Object"
    assert event["detail"]["object"]["key"] == "form/é +.txt"


def test_a_delete_and_each_key_of_a_bulk_delete_are_events(world: StackWorld) -> None:
    bucket = world.bucket("deletes")
    for key in ("a", "b", "c"):
        world.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    world.s3.delete_object(Bucket=bucket, Key="a")
    world.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}, {"Key": "c"}], "Quiet": True})
    deleted = [event for event in details(world, bucket) if event["detail-type"] == "Object Deleted"]
    assert [event["detail"]["object"]["key"] for event in deleted] == ["a", "b", "c"]
    assert {event["detail"]["deletion-type"] for event in deleted} == {"Permanently Deleted"}
    assert {event["detail"]["reason"] for event in deleted} == {"DeleteObject"}
    assert "size" not in deleted[0]["detail"]["object"]


def test_only_a_versioned_bucket_has_version_ids_and_delete_markers(world: StackWorld) -> None:
    bucket = world.bucket("versioned")
    world.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = world.s3.put_object(Bucket=bucket, Key="a", Body=b"")["VersionId"]
    marker = world.s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    created, deleted = details(world, bucket)
    assert created["detail"]["object"]["version-id"] == version
    assert deleted["detail"]["deletion-type"] == "Delete Marker Created"
    assert deleted["detail"]["object"]["version-id"] == marker


def test_a_refused_write_makes_no_event(world: StackWorld) -> None:
    bucket = world.bucket("refused")
    world.s3.put_object(Bucket=bucket, Key="a", Body=b"", IfNoneMatch="*")
    with pytest.raises(world.s3.exceptions.ClientError, match="PreconditionFailed"):
        world.s3.put_object(Bucket=bucket, Key="a", Body=b"", IfNoneMatch="*")
    assert len(details(world, bucket)) == 1


def test_sequencers_grow_with_every_write_of_a_key(world: StackWorld) -> None:
    bucket = world.bucket("sequence")
    for _ in range(20):
        world.s3.put_object(Bucket=bucket, Key="same", Body=b"same")
    sequencers = [event["detail"]["object"]["sequencer"] for event in details(world, bucket)]
    assert len(set(sequencers)) == 20
    assert sequencers == sorted(sequencers)
    assert all(set(each) <= set("0123456789ABCDEF") for each in sequencers)
