"""Names that are free or ours, the upload bucket's notifications, the image, the subnets' way out."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.aws import registry
from batchkit.aws.errors import translated
from batchkit.aws.holdings import bucket_owner
from batchkit.aws.routes import NEEDED, NEEDED_BY_INSTANCES, Exit, exits
from batchkit.aws.stacks import Stacks
from batchkit.deploy.checks.result import Place, Result
from batchkit.deploy.steps import Stack
from batchkit.deploy.template import Template
from batchkit.deploy.tools import PROJECT_TAG
from batchkit.errors import PermissionDenied

BUCKET = "AWS::S3::Bucket"


def names(place: Place) -> Iterator[Result]:
    """Stacks and buckets of those names: none, or the project's own."""
    stacks = Stacks(place.clients.cloudformation)
    for step in place.steps.steps:
        if isinstance(step, Stack):
            state = stacks.state(step.name)
            if state is not None and state.tags.get(PROJECT_TAG) != place.project.name:
                fix = "choose another [project] name, or delete that stack"
                yield Result("names", "failed", f"the stack {step.name} is somebody else's", fix)
    for bucket in _made_buckets(place):
        yield _bucket(place, bucket)


def _made_buckets(place: Place) -> list[str]:
    pseudo = {"AWS::AccountId": place.site.account, "AWS::Region": place.site.region}
    stacks = [step for step in place.steps.steps if isinstance(step, Stack)]
    resources = [one for s in stacks for one in Template(s.template, s.texts, pseudo).resources.values()]
    return [str(one.properties["BucketName"]) for one in resources if one.kind == BUCKET]


def _bucket(place: Place, bucket: str) -> Result:
    try:
        owner = bucket_owner(place.clients, bucket, PROJECT_TAG)
    except PermissionDenied:
        fix = "choose another name: bucket names are shared by all of AWS"
        return Result("names", "failed", f"the bucket {bucket} is another account's, or closed to you", fix)
    if owner is None:
        return Result("names", "ok", f"the bucket {bucket} is free")
    if owner == place.project.name:
        return Result("names", "ok", f"the bucket {bucket} is the project's own")
    fix = "choose another name, or set create = false beside it: the bucket is there already"
    whose = f"the project '{owner}' made" if owner else "batchkit did not make"
    return Result("names", "failed", f"the bucket {bucket} exists, and {whose} it", fix)


def notifications(place: Place) -> Iterator[Result]:
    """An upload bucket that is there already must tell EventBridge of uploads."""
    bucket = place.project.upload.bucket
    if bucket in _made_buckets(place):
        return
    with translated(f"reading the notifications of the bucket '{bucket}'"):
        found = place.clients.s3.get_bucket_notification_configuration(Bucket=bucket)
    if "EventBridgeConfiguration" in found:
        yield Result("notifications", "ok", f"the bucket {bucket} tells EventBridge of uploads")
    else:
        fix = f"S3 console, {bucket}, Properties, Amazon EventBridge, On (the API replaces all notifications)"
        yield Result(
            "notifications", "failed", f"the bucket {bucket} does not tell EventBridge of uploads", fix
        )


def image(place: Place) -> Iterator[Result]:
    """The worker's image, where it lies in the account's own registry."""
    uri, fix = place.site.image, "batchkit deploy builds and pushes it; or batchkit image push"
    own = uri.startswith(f"{place.site.account}.") and registry.region_of(uri) == place.site.region
    if not own:
        yield Result("image", "ok", f"{uri} lies in another registry, which is not asked")
    elif registry.digest(place.clients.ecr, uri) is None:
        yield Result("image", "warning", f"{uri} is not there yet", fix)
    else:
        yield Result("image", "ok", f"{uri} is there")


def routes(place: Place) -> Iterator[Result]:
    """Given subnets need a way to ECR, S3, CloudWatch Logs and what else the jobs call."""
    network = place.project.network
    if not network.is_given:
        yield Result("network", "ok", f"a network of the project's own, egress {network.egress}")
        return
    instances = place.project.compute.type == "ec2-spot"
    needed = NEEDED_BY_INSTANCES if instances else NEEDED
    for found in exits(place.clients.ec2, network.subnets, needed):
        # Batch gives addresses to Fargate's tasks only; an instance has what its subnet gives it.
        public = found.addresses if instances else network.egress == "public-ip"
        yield _route(found, public=public, instances=instances)


def _route(found: Exit, *, public: bool, instances: bool) -> Result:
    what = f"the subnet {found.subnet}"
    if found.way == "nat" or (found.way == "internet" and public):
        return Result("network", "ok", f"{what} reaches AWS through {found.target}")
    if found.way == "internet":
        turn = "MapPublicIpOnLaunch on for the subnet" if instances else '[network] egress = "public-ip"'
        fix = f"{turn}, or a subnet that leads to a NAT gateway"
        return Result(
            "network", "failed", f"{what} leads to an internet gateway, but jobs get no public address", fix
        )
    missing = ", ".join(sorted(found.missing))
    if not missing:
        return Result("network", "ok", f"{what} reaches AWS through VPC endpoints")
    fix = "a route to a NAT gateway, or the missing VPC endpoints: without them jobs cannot start or work"
    return Result("network", "failed", f"{what} has no way out, and no endpoint of {missing}", fix)
