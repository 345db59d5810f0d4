"""A stream written to one object, in memory that does not grow with it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.aws.objects import url
from batchkit.errors import BatchkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_s3 import S3Client

# A part has at least 5 MiB, but the last, and an upload at most 10,000 parts (S3 User Guide, "Amazon S3
# multipart upload limits"): 8 MiB make 80 GB, the manifest of half a billion sources.
PART_BYTES = 8 * 2**20


def upload(
    client: S3Client,
    bucket: str,
    key: str,
    chunks: Iterable[bytes],
    content_type: str = "application/octet-stream",
    *,
    part_bytes: int = PART_BYTES,
) -> int:
    """Write the chunks, one after the other, as one object; how many bytes there were.

    Nothing is visible before all is written. What stops it, an error of `chunks` included, leaves no
    object and no parts behind. A body of less than a part is one request.
    """
    parts = _parts(chunks, part_bytes)
    target = _Target(client, bucket, key)
    first = next(parts, b"")
    if len(first) < part_bytes:
        return target.put(first, content_type)
    with target.multipart(content_type) as add:
        return sum(map(add, chain([first], parts)))


class _Target:
    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._name: Any = {"Bucket": bucket, "Key": key}
        self._doing = f"writing {url(bucket, key)}"

    def put(self, body: bytes, content_type: str) -> int:
        with translated(self._doing):
            self._client.put_object(**self._name, Body=body, ContentType=content_type)
        return len(body)

    @contextmanager
    def multipart(self, content_type: str) -> Iterator[Callable[[bytes], int]]:
        """A function that adds a part. Completed at the end, aborted by whatever is raised."""
        checksum: Any = {"ChecksumAlgorithm": "CRC32"}
        with translated(self._doing):
            begun = self._client.create_multipart_upload(**self._name, ContentType=content_type, **checksum)
        upload_id, parts, sent = begun["UploadId"], list[Any](), 0

        def add(body: bytes) -> int:
            nonlocal sent
            number: Any = {"PartNumber": len(parts) + 1}
            with translated(self._doing):
                answer = self._client.upload_part(
                    **self._name, **number, UploadId=upload_id, Body=body, **checksum
                )
            sums = {name: answer[name] for name in ("ETag", "ChecksumCRC32") if name in answer}
            parts.append({**number, **sums})
            sent += len(body)
            return len(body)

        try:
            yield add
            with translated(self._doing):
                self._complete(upload_id, parts, sent)
        except BaseException:
            # What stopped the upload is what is reported; the bucket's lifecycle removes parts left over.
            with suppress(BatchkitError), translated("aborting an upload"):
                self._client.abort_multipart_upload(**self._name, UploadId=upload_id)
            raise

    def _complete(self, upload_id: str, parts: list[Any], sent: int) -> None:
        """Make the object of its parts.

        Where the answer got lost, the SDK asks once more, and S3 may know no such upload any longer.
        """
        whole: Any = {"Parts": parts}
        try:
            self._client.complete_multipart_upload(**self._name, UploadId=upload_id, MultipartUpload=whole)
        except boto.ClientError as error:
            if code(error) != "NoSuchUpload" or self._size() != sent:
                raise

    def _size(self) -> int:
        return self._client.head_object(**self._name)["ContentLength"]


def _parts(chunks: Iterable[bytes], part_bytes: int) -> Iterator[bytes]:
    """The same bytes in parts of `part_bytes`, the last one shorter; none for no bytes."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= part_bytes:
            yield bytes(memoryview(held)[:part_bytes])
            del held[:part_bytes]
    if held:
        yield bytes(held)
