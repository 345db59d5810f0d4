"""What moto's S3 backend does to objects, told to `s3_events`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from batchkit.local.s3_events import S3Change, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.local.moto_patches import Patches


def s3_changes_are_not_told(patches: Patches) -> None:
    """moto has no hook that tells every write with its kind: a multipart upload shows as two writes, a
    delete marker as nothing. The four methods through which all changes go report to `s3_events`.
    """
    put = S3Backend.put_object
    signature = inspect.signature(put)

    def put_object(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs).arguments
        key = put(self, *args, **kwargs)
        # Copies and multipart uploads pass through here as well and report for themselves.
        if not given.get("disable_notification") and given.get("multipart") is None:
            reason = "POST Object" if given.get("request_method") == "POST" else "PutObject"
            _record_created(self, given["bucket_name"], key, reason)
        return key

    patches.replace(S3Backend, "put_object", put_object)
    patches.replace(S3Backend, "copy_object", _recording_copy(S3Backend.copy_object))
    patches.replace(S3Backend, "complete_multipart_upload", _recording_multipart())
    patches.replace(S3Backend, "delete_object", _recording_delete(S3Backend.delete_object))


def _recording_copy(copy: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(copy)

    def copy_object(self: Any, *args: Any, **kwargs: Any) -> None:
        given = signature.bind(self, *args, **kwargs).arguments
        copy(self, *args, **kwargs)
        bucket, name = given["dest_bucket_name"], given["dest_key_name"]
        _record_created(self, bucket, self.get_object(bucket, name), "CopyObject")

    return copy_object


def _recording_multipart() -> Callable[..., Any]:
    complete = S3Backend.complete_multipart_upload

    def complete_multipart_upload(self: Any, bucket_name: str, *args: Any, **kwargs: Any) -> Any:
        key = complete(self, bucket_name, *args, **kwargs)
        if key is not None:
            _record_created(self, bucket_name, key, "CompleteMultipartUpload")
        return key

    return complete_multipart_upload


def _recording_delete(delete: Callable[..., Any]) -> Callable[..., Any]:
    def delete_object(self: Any, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
        bucket = self.get_bucket(bucket_name)
        before = bucket.keys.get(key_name)
        deleted, headers = delete(self, bucket_name, key_name, *args, **kwargs)
        if deleted:
            marker = headers.get("delete-marker") == "true" and not kwargs.get("version_id")
            _record_deleted(bucket, key_name, before, headers.get("version-id"), marker=marker)
        return deleted, headers

    return delete_object


def _record_created(backend: Any, bucket_name: str, key: Any, reason: str) -> None:
    bucket = backend.get_bucket(bucket_name)
    if not _tells_eventbridge(bucket):
        return
    facts = {"key": key.name, "size": key.size, "etag": key.etag.strip('"')}
    if bucket.is_versioned:
        facts["version-id"] = key.version_id
    record(S3Change(bucket.name, bucket.region_name, "Object Created", reason, facts))


def _record_deleted(bucket: Any, name: str, before: Any, version: str | None, *, marker: bool) -> None:
    if not _tells_eventbridge(bucket):
        return
    facts = {"key": name}
    if before is not None and hasattr(before, "etag"):
        facts["etag"] = before.etag.strip('"')
    if version is not None:
        facts["version-id"] = version
    kind = "Delete Marker Created" if marker else "Permanently Deleted"
    record(S3Change(bucket.name, bucket.region_name, "Object Deleted", "DeleteObject", facts, kind))


def _tells_eventbridge(bucket: Any) -> bool:
    configuration = bucket.notification_configuration
    return configuration is not None and configuration.event_bridge is not None


def eventbridge_notifications_are_not_told(patches: Patches) -> None:
    """GetBucketNotificationConfiguration in moto leaves out whether the bucket tells EventBridge."""
    get = S3Response.get_bucket_notification
    element, end = "<EventBridgeConfiguration/>", "</NotificationConfiguration>"

    def get_bucket_notification(self: Any) -> Any:
        status, headers, body = get(self)
        text = body.decode() if isinstance(body, bytes) else str(body)
        if _tells_eventbridge(self.backend.get_bucket(self.bucket_name)):
            text = text.removesuffix("/>") + f">{end}" if text.endswith("/>") else text
            text = text.replace(end, element + end)
        return status, headers, text

    patches.replace(S3Response, "get_bucket_notification", get_bucket_notification)
