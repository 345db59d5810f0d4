"""storage.yaml: what is kept, and how."""

from __future__ import annotations

import json

from support.templates import alternatives, of_type, template

from batchkit.deploy.steps import STORAGE

KEPT = {
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
}
# Images are built again; dead letters live for two weeks.
MADE_AGAIN = {
    "AWS::ECR::Repository",
    "AWS::KMS::Alias",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
}


def test_data_outlives_its_stack_unless_that_never_came_into_being() -> None:
    found = {
        resource["Type"]: (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for resource in template(STORAGE)["Resources"].values()
    }
    assert {
        kind for kind, policies in found.items() if policies == ("RetainExceptOnCreate", "Retain")
    } == KEPT
    assert {
        kind for kind, policies in found.items() if not str(policies[0]).startswith("Retain")
    } == MADE_AGAIN


def test_every_bucket_is_private_encrypted_and_speaks_tls_only() -> None:
    # moto's CloudFormation keeps the encryption of all this, and no policy: so the template is read.
    buckets = of_type(STORAGE, "AWS::S3::Bucket")
    policies = of_type(STORAGE, "AWS::S3::BucketPolicy").values()
    assert {policy["Bucket"]["Ref"] for policy in policies} == set(buckets)
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert bucket["LifecycleConfiguration"]["Rules"][0]["AbortIncompleteMultipartUpload"]
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Condition"]) == (
            "Deny",
            {"Bool": {"aws:SecureTransport": "false"}},
        )


def test_every_bucket_is_encrypted_with_the_key_if_there_is_one() -> None:
    for bucket in of_type(STORAGE, "AWS::S3::Bucket").values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by_default = rule["ServerSideEncryptionByDefault"]
        assert list(alternatives(by_default["SSEAlgorithm"])) == ["aws:kms", "AES256"]
        assert list(alternatives(rule["BucketKeyEnabled"])) == [True]
        assert list(alternatives(by_default["KMSMasterKeyID"])) == [{"GetAtt": "Key.Arn"}, {"Ref": "KmsKey"}]


def test_only_uploads_are_told_and_have_versions_and_those_end() -> None:
    buckets = of_type(STORAGE, "AWS::S3::Bucket")
    assert [name for name, bucket in buckets.items() if "NotificationConfiguration" in bucket] == [
        "UploadBucket"
    ]
    assert [name for name, bucket in buckets.items() if "VersioningConfiguration" in bucket] == [
        "UploadBucket"
    ]
    ends = buckets["UploadBucket"]["LifecycleConfiguration"]["Rules"][1]
    assert ends["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "VersionsDays"}}


def test_runs_end_some_day_and_what_is_in_use_does_not() -> None:
    rules = of_type(STORAGE, "AWS::S3::Bucket")["ArtifactsBucket"]["LifecycleConfiguration"]["Rules"]
    assert [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule] == ["runs/"]


def test_the_images_tags_say_their_content_for_ever_but_the_latest() -> None:
    (images,) = of_type(STORAGE, "AWS::ECR::Repository").values()
    assert images["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    (excepted,) = images["ImageTagMutabilityExclusionFilters"]
    assert excepted["ImageTagMutabilityExclusionFilterValue"] == "latest"
    (rule,) = json.loads(images["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert rule["selection"]["countNumber"] == 50
    assert images["ImageScanningConfiguration"] == {"ScanOnPush": True}
