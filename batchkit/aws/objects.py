"""Objects in S3: whole ones, ranges, heads and conditional writes.

Etags have no quotes, times are epoch seconds, sizes bytes. Missing objects are None, not errors; every
other trouble is a batchkit error. A missing key answers 403 where the role lacks s3:ListBucket: that is
PermissionDenied here, never "missing", because a wrong "missing" would be recorded for good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from batchkit.aws.errors import code, http_status, translated
from batchkit.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3 import S3Client

# botocore retries a request, but not a body that breaks off half-way.
BODY_ATTEMPTS = 3

_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-(?P<last>\d+)/(?P<size>\d+)")
_BROKEN_OFF = (boto.FlexibleChecksumError, boto.HTTPClientError, boto.IncompleteReadError)


@dataclass(frozen=True)
class Head:
    """What S3 knows of an object without its bytes. `metadata` has lower-case names, ASCII values."""

    bucket: str
    key: str
    etag: str
    size: int
    modified: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Object(Head):
    """An object with all its bytes."""

    body: bytes = b""


@dataclass(frozen=True)
class Part:
    """Bytes of an object, and how many bytes the whole object has."""

    body: bytes
    size: int


class Objects:
    """Reads and writes of objects, through one client. Safe to share between threads."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def head(self, bucket: str, key: str) -> Head | None:
        """The object without its bytes; None when there is none."""
        with translated(f"looking at {url(bucket, key)}"):
            answer = self._found(self._client.head_object, Bucket=bucket, Key=key)
        return Head(**_facts(bucket, key, answer)) if answer else None

    def get(self, bucket: str, key: str, etag: str | None = None) -> Object | None:
        """The whole object; None when there is none, or none with this `etag` any more.

        Raises Rejected for an object in an archive, which cannot be read before it is restored.
        """
        condition: dict[str, Any] = {"IfMatch": f'"{etag}"'} if etag else {}
        with translated(f"reading {url(bucket, key)}"):
            found = self._read(Bucket=bucket, Key=key, **condition)
        if found is None:
            return None
        answer, body = found
        return Object(**_facts(bucket, key, answer), body=body)

    def get_range(self, bucket: str, key: str, first: int, stop: int) -> Part | None:
        """The bytes [first, stop); None when there is no object.

        The body is empty when the object ends before `stop`: nothing is read then, whatever was asked.
        """
        if stop <= first:
            return self._no_bytes(bucket, key)
        with translated(f"reading bytes {first}..{stop - 1} of {url(bucket, key)}"):
            try:
                found = self._read(stop - first, Bucket=bucket, Key=key, Range=f"bytes={first}-{stop - 1}")
            except boto.ClientError as error:
                if http_status(error) != 416:
                    raise
                return self._no_bytes(bucket, key)
        if found is None:
            return None
        match = _CONTENT_RANGE.fullmatch(found[0].get("ContentRange", ""))
        return Part(found[1], int(match["size"]) if match else len(found[1]))

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        *,
        only_if_absent: bool = False,
        only_if: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bool:
        """Write an object. False when `only_if_absent` and one is there, or is being written, already; and
        when it does not have the etag `only_if` any more.

        `metadata` takes ASCII names and values, 2 KB in all (S3 User Guide, "Working with object metadata");
        `headers` are others that S3 keeps, by PutObject's names, such as CacheControl.
        """
        condition = _condition(only_if, only_if_absent=only_if_absent)
        arguments: dict[str, Any] = {**condition, **(headers or {}), "Metadata": dict(metadata or {})}
        with translated(f"writing {url(bucket, key)}"):
            try:
                self._client.put_object(
                    Bucket=bucket, Key=key, Body=body, ContentType=content_type, **arguments
                )
            except boto.ClientError as error:
                if condition and _is_refused(error):
                    return False
                raise
        return True

    def delete(self, bucket: str, key: str, *, only_if: str | None = None) -> bool:
        """Delete an object; nothing happens where there is none. False when it does not have the etag
        `only_if`, or there is none with it any more. A versioned bucket keeps its versions."""
        condition: dict[str, Any] = {**_condition(only_if, only_if_absent=False)}
        with translated(f"deleting {url(bucket, key)}"):
            try:
                self._client.delete_object(Bucket=bucket, Key=key, **condition)
            except boto.ClientError as error:
                if condition and _is_refused(error):
                    return False
                raise
        return True

    def _read(self, expected: int | None = None, **arguments: Any) -> tuple[dict[str, Any], bytes] | None:
        for left in reversed(range(BODY_ATTEMPTS)):
            answer = self._found(self._client.get_object, **arguments)
            if not answer:
                return None
            if expected is not None and answer["ContentLength"] != expected:
                answer["Body"].close()
                return answer, b""
            try:
                return answer, answer["Body"].read()
            except _BROKEN_OFF:
                if not left:
                    raise
        return None

    def _found(self, call: Callable[..., Any], **arguments: Any) -> dict[str, Any] | None:
        try:
            return dict(call(**arguments))
        except boto.ClientError as error:
            if code(error) == "InvalidObjectState":
                raise Rejected("SourceArchived", "the object lies in an archive: restore it first") from error
            if code(error) == "NoSuchBucket" or http_status(error) not in (404, 412):
                raise
        return None

    def _no_bytes(self, bucket: str, key: str) -> Part | None:
        head = self.head(bucket, key)
        return Part(b"", head.size) if head else None


def _condition(etag: str | None, *, only_if_absent: bool) -> dict[str, str]:
    if only_if_absent:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": f'"{etag}"'} if etag else {}


def _is_refused(error: boto.ClientError) -> bool:
    """Whether a conditional write came too late: 412, 409 where another is being made, 404 where the object
    that should match was deleted (S3 User Guide, "How to prevent object overwrites")."""
    return http_status(error) in (409, 412) or code(error) == "NoSuchKey"


def url(bucket: str, key: str) -> str:
    """How an object is called in messages."""
    return f"s3://{bucket}/{key}"


def _facts(bucket: str, key: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "bucket": bucket,
        "key": key,
        "etag": answer["ETag"].strip('"'),
        "size": answer["ContentLength"],
        "modified": int(answer["LastModified"].timestamp()),
        "metadata": dict(answer["Metadata"]),
    }
