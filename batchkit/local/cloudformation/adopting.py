"""Resources that were there before their stack: found by name in moto's backends, taken over and tagged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.logs.models import logs_backends
from moto.s3.models import FakeBucket, s3_backends

from batchkit.local.cloudformation.schemas import name_property

if TYPE_CHECKING:
    from batchkit.deploy.template import Resource
    from batchkit.planning.stack_changes import Change

Find = Callable[[str, str, str], Any]


def _bucket(account: str, _region: str, name: str) -> Any:
    return s3_backends[account]["aws"].buckets.get(name)


def _table(account: str, region: str, name: str) -> Any:
    return dynamodb_backends[account][region].tables.get(name)


def _repository(account: str, region: str, name: str) -> Any:
    return ecr_backends[account][region].repositories.get(name)


def _log_group(account: str, region: str, name: str) -> Any:
    return logs_backends[account][region].groups.get(name)


FINDERS: Mapping[str, Find] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::ECR::Repository": _repository,
    "AWS::Logs::LogGroup": _log_group,
}


def existing(stack: Any, resource: Resource) -> Any:
    """What has the resource's name already; None for nothing, or for what cannot be imported.

    Importing takes a name of the template's own and a DeletionPolicy (CloudFormation User Guide, "Import AWS
    resources into a CloudFormation stack automatically").
    """
    property_ = name_property(resource.kind)
    name = resource.properties.get(property_) if property_ else None
    if not isinstance(name, str) or resource.kind not in FINDERS:
        return None
    if "DeletionPolicy" not in resource.attributes:
        return None
    return FINDERS[resource.kind](stack.account_id, stack.region_name, name)


def adopt(stack: Any, change: Change) -> Any:
    """The resource that is there, as the stack's own."""
    found = FINDERS[change.kind](stack.account_id, stack.region_name, change.physical_id)
    found.cf_resource_type, found.logical_resource_id = change.kind, change.logical_id
    return found


def tag(stack: Any, resource: Any, tags: Mapping[str, str], *, is_ec2: bool) -> None:
    """CloudFormation gives a stack's tags, and its own, to all resources; here to those asked for it."""
    if is_ec2:
        backend = ec2_backends[stack.account_id][stack.region_name]
        backend.create_tags([resource.physical_resource_id], dict(tags))
    elif isinstance(resource, FakeBucket):
        tagger = s3_backends[stack.account_id]["aws"].tagger
        tagger.tag_resource(resource.arn, [{"Key": key, "Value": value} for key, value in tags.items()])
