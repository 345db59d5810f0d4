from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.cloud import cloud
from support.projects import photos

from batchkit.aws.holdings import HOLDERS
from batchkit.aws.stacks import StackState
from batchkit.deploy import code
from batchkit.deploy.destroy import (
    KEY,
    DeleteData,
    DeleteStack,
    Destroyer,
    Drain,
    holdings,
    is_ours,
    own_key,
    plan_destroy,
    remaining,
)
from batchkit.deploy.plan import plan
from batchkit.deploy.steps import Site
from batchkit.deploy.tools import PROJECT_TAG, Tools
from batchkit.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

SITE = Site("123456789012", "us-east-1", "worker:1")
BUCKET = DeleteData("AWS::S3::Bucket", "photos-originals")


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


def test_what_starts_jobs_goes_first_then_the_jobs_then_what_runs_them_then_the_data() -> None:
    stacks = [StackState(f"id-{n}", n, "CREATE_COMPLETE") for n in ("p-network", "p-compute", "p-rules")]
    steps = plan_destroy(stacks, {"p-compute": ["queue"]}, [BUCKET])
    assert steps == (
        DeleteStack("p-rules", "id-p-rules"),
        Drain("queue"),
        DeleteStack("p-compute", "id-p-compute"),
        DeleteStack("p-network", "id-p-network"),
        BUCKET,
    )


def test_what_the_templates_retain_can_be_deleted_and_is_known_by_name() -> None:
    pseudo = {"AWS::AccountId": SITE.account, "AWS::Region": SITE.region}
    found = {(one.kind, one.name) for one in holdings(plan(photos(2), SITE, code.Code(b"zip")), pseudo)}
    assert {
        ("AWS::S3::Bucket", "photos-originals"),
        ("AWS::S3::Bucket", "photos-123456789012-us-east-1"),
        ("AWS::DynamoDB::Table", "photos-ledger"),
    } <= found
    assert {kind for kind, _ in found} <= set(HOLDERS)


def test_a_bucket_without_the_project_s_tag_is_not_ours(aws: Clients) -> None:
    aws.s3.create_bucket(Bucket=BUCKET.name)
    assert not is_ours(aws, "photos", BUCKET)
    tags: Any = {"TagSet": [{"Key": PROJECT_TAG, "Value": "photos"}]}
    aws.s3.put_bucket_tagging(Bucket=BUCKET.name, Tagging=tags)
    assert is_ours(aws, "photos", BUCKET)
    assert not is_ours(aws, "other", BUCKET)


def test_a_versioned_bucket_goes_with_its_versions_markers_and_unfinished_uploads(aws: Clients) -> None:
    aws.s3.create_bucket(Bucket=BUCKET.name)
    aws.s3.put_bucket_versioning(Bucket=BUCKET.name, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        aws.s3.put_object(Bucket=BUCKET.name, Key="k", Body=b"%d" % number)
    aws.s3.delete_object(Bucket=BUCKET.name, Key="k")
    aws.s3.create_multipart_upload(Bucket=BUCKET.name, Key="u")
    told: list[str] = []
    destroyer = Destroyer(aws, Tools.of(aws, "photos"), told.append)

    destroyer.take(BUCKET)
    destroyer.take(BUCKET)
    assert aws.s3.list_buckets()["Buckets"] == []
    assert told == ["deleted 4 versions of objects of photos-originals"]
    assert remaining(aws, [BUCKET]) == []


class KeyStack:
    """The stack that made a key, or did not: its tools."""

    def __init__(self, *, makes_key: bool) -> None:
        self._made = {"Key": "id"} if makes_key else {}

    @property
    def stacks(self) -> KeyStack:
        return self

    def resources(self, _: str, kind: str) -> dict[str, str]:
        return self._made if kind == KEY else {}


def test_a_key_of_the_project_s_own_is_found_and_one_that_was_given_is_not() -> None:
    stacks = [StackState("i", "photos-storage", "CREATE_COMPLETE", outputs={"KmsKeyArn": "arn:key"})]
    own, given = KeyStack(makes_key=True), KeyStack(makes_key=False)
    assert own_key(own, stacks) == (DeleteData(KEY, "arn:key"),)  # type: ignore[arg-type]
    assert own_key(given, stacks) == ()  # type: ignore[arg-type]


def test_a_key_remains_with_its_price_until_its_deletion_is_scheduled(aws: Clients) -> None:
    key = DeleteData(KEY, aws.kms.create_key()["KeyMetadata"]["Arn"])
    (found,) = remaining(aws, [key])
    assert (found.holds, found.monthly) == (f"needed to read what was kept: kms_key = {key.name}", 1.0)
    told: list[str] = []
    destroyer = Destroyer(aws, Tools.of(aws, "photos"), told.append)

    destroyer.take(key)
    destroyer.take(key)
    assert aws.kms.describe_key(KeyId=key.name)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert len(told) == 1
    assert "30 days" in told[0]
    assert remaining(aws, [key]) == []


class Batch:
    """Queues whose jobs end when they were told to as often as `patience` says."""

    def __init__(self, patience: int) -> None:
        self.calls: list[str] = []
        self._left = patience

    @property
    def batch(self) -> Batch:
        return self

    def update_job_queue(self, jobQueue: str, state: str) -> None:  # noqa: N803  (boto3's)
        self.calls.append(f"{jobQueue} {state}")

    def get_paginator(self, _: str) -> Batch:
        return self

    def paginate(self, **wanted: str) -> list[dict[str, Any]]:
        alive = wanted["jobStatus"] == "RUNNING" and self._left > 0
        return [{"jobSummaryList": [{"jobId": "j"}] if alive else []}]

    def terminate_job(self, **wanted: str) -> None:
        self.calls.append(f"terminate {wanted['jobId']}")
        self._left -= 1


def test_jobs_are_ended_and_waited_for(aws: Clients) -> None:
    batch: Any = Batch(patience=2)
    Destroyer(batch, Tools.of(aws, "photos"), lambda _: None, lambda _: None).take(Drain("q"))
    assert batch.calls == ["q DISABLED", "terminate j", "terminate j"]


def test_jobs_that_never_end_are_not_waited_for_for_ever(aws: Clients) -> None:
    batch: Any = Batch(patience=10**6)
    with pytest.raises(Throttled, match="do not end"):
        Destroyer(batch, Tools.of(aws, "photos"), lambda _: None, lambda _: None).take(Drain("q"))
