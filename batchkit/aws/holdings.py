"""What outlives its stack: buckets, tables, image repositories, message queues, log groups, and their key.

One class each, in `HOLDERS` by its CloudFormation type. All of their methods are idempotent: what is not
there is no error. All raise Throttled, PermissionDenied or ConfigError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.errors import Throttled

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients

# Amazon S3 API reference, DeleteObjects: "up to 1,000 keys".
MAX_DELETED = 1000

# AWS KMS API reference, ScheduleKeyDeletion: "between 7 and 30, inclusive".
KEY_DAYS = 30
_GOING = "PendingDeletion"

# Messages that can be received, and those that somebody is at work on.
_COUNTS = frozenset({"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"})

_ABSENT = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NotFoundException",
        "QueueDoesNotExist",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
    }
)

Report = Callable[[str], None]


@dataclass(frozen=True)
class Content:
    """What a holder holds: in words, and what it costs a month by a price of `planning.prices` for a GB.

    `fixed` is the name of a price for the month, whatever it holds.
    """

    text: str
    bytes: int | None = None
    price: str = ""
    fixed: str = ""


class Holder(Protocol):
    """Something that holds data. `project` is whose it must be."""

    def __init__(self, clients: Clients) -> None: ...

    def content(self, name: str) -> Content | None:
        """What it holds; None when there is none of that name."""
        ...

    def delete(self, name: str, report: Report) -> None:
        """Delete it with all that it holds."""
        ...


@contextmanager
def _absent_is_fine() -> Iterator[None]:
    try:
        yield
    except boto.ClientError as error:
        if code(error) not in _ABSENT:
            raise


class Buckets:
    """S3 buckets; a versioned one with all its versions, delete markers and unfinished uploads."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.s3

    def content(self, name: str) -> Content | None:
        with translated(f"looking into the bucket '{name}'"), _absent_is_fine():
            page = self._client.list_object_versions(Bucket=name, MaxKeys=1)
            empty = not page.get("Versions") and not page.get("DeleteMarkers")
            return Content(
                "empty" if empty else "objects; S3's metrics say how many", 0 if empty else None, "s3-gb"
            )
        return None

    def delete(self, name: str, report: Report) -> None:
        with translated(f"deleting the bucket '{name}'"), _absent_is_fine():
            self._empty(name, report)
            self._client.delete_bucket(Bucket=name)

    def _empty(self, name: str, report: Report) -> None:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=name)
        for upload in (upload for page in pages for upload in page.get("Uploads", [])):
            self._client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        versions, done = self._versions(name), 0
        while some := list(islice(versions, MAX_DELETED)):
            answer = self._client.delete_objects(Bucket=name, Delete={"Objects": some, "Quiet": True})  # type: ignore[typeddict-item]
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise Throttled(
                    f"S3 did not delete {len(answer['Errors'])} objects of '{name}'",
                    found=f"{first.get('Key')}: {first.get('Code')} {first.get('Message')}",
                    fix="repeat the command: it goes on with what is left; an object lock has to end first",
                )
            done += len(some)
            report(f"deleted {done:,} versions of objects of {name}")

    def _versions(self, name: str) -> Iterator[dict[str, str]]:
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield {"Key": one["Key"], "VersionId": one["VersionId"]}


class Tables:
    """DynamoDB tables."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.dynamodb

    def content(self, name: str) -> Content | None:
        with translated(f"looking at the table '{name}'"), _absent_is_fine():
            table = self._client.describe_table(TableName=name)["Table"]
            size = table.get("TableSizeBytes", 0)
            return Content(
                f"{table.get('ItemCount', 0):,} items (counted every six hours)", size, "dynamodb-gb"
            )
        return None

    def delete(self, name: str, report: Report) -> None:
        with translated(f"deleting the table '{name}'"), _absent_is_fine():
            if self._client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
                self._client.update_table(TableName=name, DeletionProtectionEnabled=False)
            self._client.delete_table(TableName=name)
            report(f"deleting the table {name}")
            self._client.get_waiter("table_not_exists").wait(TableName=name)


class Repositories:
    """ECR repositories."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.ecr

    def content(self, name: str) -> Content | None:
        with translated(f"looking at the repository '{name}'"), _absent_is_fine():
            pages = self._client.get_paginator("describe_images").paginate(repositoryName=name)
            sizes = [image.get("imageSizeInBytes", 0) for page in pages for image in page["imageDetails"]]
            return Content(f"{len(sizes)} images", sum(sizes), "ecr-gb")
        return None

    def delete(self, name: str, report: Report) -> None:
        with translated(f"deleting the repository '{name}'"), _absent_is_fine():
            self._client.delete_repository(repositoryName=name, force=True)
            report(f"deleted the repository {name} with its images")


class MessageQueues:
    """SQS queues."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.sqs

    def content(self, name: str) -> Content | None:
        with translated(f"looking at the queue '{name}'"), _absent_is_fine():
            url = self._client.get_queue_url(QueueName=name)["QueueUrl"]
            found = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            count = sum(int(value) for key, value in found.items() if key in _COUNTS)
            return Content(f"{count:,} messages", 0)
        return None

    def delete(self, name: str, report: Report) -> None:
        with translated(f"deleting the queue '{name}'"), _absent_is_fine():
            self._client.delete_queue(QueueUrl=self._client.get_queue_url(QueueName=name)["QueueUrl"])
            report(f"deleted the queue {name}")


class LogGroups:
    """CloudWatch Logs groups."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.logs

    def content(self, name: str) -> Content | None:
        with translated(f"looking at the log group '{name}'"):
            groups = self._client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        found = next((group for group in groups if group["logGroupName"] == name), None)
        return Content("logs", found.get("storedBytes", 0), "logs-stored-gb") if found else None

    def delete(self, name: str, report: Report) -> None:
        with translated(f"deleting the log group '{name}'"), _absent_is_fine():
            self._client.delete_log_group(logGroupName=name)
            report(f"deleted the log group {name}")


class Keys:
    """KMS keys, by ARN. One whose deletion is scheduled costs nothing and counts as gone."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.kms

    def content(self, name: str) -> Content | None:
        with translated(f"looking at the key '{name}'"), _absent_is_fine():
            if self._client.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] != _GOING:
                return Content(f"needed to read what was kept: kms_key = {name}", 0, fixed="kms-key-month")
        return None

    def delete(self, name: str, report: Report) -> None:
        with translated(f"scheduling the deletion of the key '{name}'"), _absent_is_fine():
            key = self._client.describe_key(KeyId=name)["KeyMetadata"]
            if key["KeyState"] != _GOING:
                self._client.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=KEY_DAYS)
                report(f"the key {name} goes in {KEY_DAYS} days; aws kms cancel-key-deletion keeps it")


# By type: the class, and the property of a template that names one.
HOLDERS: Mapping[str, tuple[type[Holder], str]] = {
    "AWS::S3::Bucket": (Buckets, "BucketName"),
    "AWS::DynamoDB::Table": (Tables, "TableName"),
    "AWS::ECR::Repository": (Repositories, "RepositoryName"),
    "AWS::SQS::Queue": (MessageQueues, "QueueName"),
    "AWS::Logs::LogGroup": (LogGroups, "LogGroupName"),
    # No template names a key: its ARN is an output.
    "AWS::KMS::Key": (Keys, "KeyArn"),
}


def bucket_owner(clients: Clients, name: str, tag: str) -> str | None:
    """The value of a bucket's tag; "" for a bucket without it, None for no bucket.

    Raises PermissionDenied for a bucket of another account.
    """
    with translated(f"reading the tags of the bucket '{name}'"):
        try:
            tags: list[Any] = list(clients.s3.get_bucket_tagging(Bucket=name)["TagSet"])
        except boto.ClientError as error:
            if code(error) == "NoSuchTagSet":
                return ""
            if code(error) == "NoSuchBucket":
                return None
            raise
    return next((one["Value"] for one in tags if one["Key"] == tag), "")
