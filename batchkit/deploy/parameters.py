"""What each template is told about a project: its parameters, by the names that it gives them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from batchkit.aws import registry
from batchkit.deploy.steps import FromOutput
from batchkit.planning import outputs, uploads
from batchkit.planning.cost import Machine, per_second
from batchkit.planning.prices import PRICES
from batchkit.project import Alarms
from batchkit.runs import orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.deploy.code import Code
    from batchkit.deploy.steps import Site, Stack
    from batchkit.project import Compute, Project

# Of a Spot project's vCPUs, one in eight is on-demand: work goes on when there is no Spot capacity,
# and the most that it can cost stays near the Spot price.
FALLBACK_SHARE = 8

# AWS Batch API reference, UpdatePolicy: "jobExecutionTimeoutMinutes" is 1 to 7,200 (five days).
MAX_UPDATE_MINUTES = 7200

# What batchkit.toml says for a key of the project's own; storage.yaml takes the same word.
CREATE = "create"


def network(project: Project) -> Mapping[str, str]:
    network = project.network
    return {
        "Project": project.name,
        "Egress": network.egress,
        "ComputeType": project.compute.type,
        "Zones": str(network.zones),
        "Cidr": network.cidr,
    }


def storage(project: Project) -> Mapping[str, str]:
    storage = project.storage
    return {
        "CreateUploadBucket": str(project.upload.create).lower(),
        "OutputBucketName": project.output.bucket,
        "CreateOutputBucket": str(project.output.create).lower(),
        "KmsKey": storage.kms_key or "",
        "RunsDays": str(storage.runs_days),
        "VersionsDays": str(storage.versions_days),
    }


def key(project: Project, storage: Stack) -> str | FromOutput:
    """The ARN of the key that everything is encrypted with; "" for the services' own keys."""
    chosen = project.storage.kms_key or ""
    return FromOutput(storage.name, "KmsKeyArn") if chosen == CREATE else chosen


def place(project: Project, made: Stack) -> Mapping[str, str | FromOutput]:
    """The subnets and security groups of the jobs: given ones, or those of the stack that makes them."""
    given = project.network
    return {
        "Subnets": ",".join(given.subnets) or FromOutput(made.name, "Subnets"),
        "SecurityGroups": ",".join(given.security_groups) or FromOutput(made.name, "SecurityGroups"),
        "AssignPublicIp": _public_ip(project),
    }


def _public_ip(project: Project) -> str:
    return "ENABLED" if project.network.egress == "public-ip" else "DISABLED"


def compute(project: Project, site: Site) -> Mapping[str, str]:
    compute = project.compute
    first, fallback = capacity(compute)
    return {
        "ComputeType": compute.type,
        "MaxVcpus": str(first),
        "FallbackMaxVcpus": str(fallback),
        "Architecture": compute.architecture,
        "InstanceTypes": ",".join(compute.instance_types),
        "UpdateMinutes": str(update_minutes(compute)),
        "Image": site.image,
        "ImageRepositoryArn": registry.repository_arn(site.image) or "",
        "Vcpus": f"{compute.vcpus:g}",
        "Memory": str(int(compute.memory)),
        "UploadTimeout": str(compute.upload_timeout),
        "BulkTimeout": str(compute.bulk_timeout),
        "OutputBucketName": project.output.bucket,
        "OutputKey": project.output.key,
        "OutputPrefix": _policy_text(outputs.literal_prefix(project.output.key)),
        "MaxBytes": str(int(project.upload.max_bytes)),
        "Uploads": project.upload_rules.to_json(),
        "Metrics": _metrics(project),
    }


def _metrics(project: Project) -> str:
    return "ENABLED" if project.alarms else "DISABLED"


def observability(project: Project, common: Mapping[str, str], code: Code) -> Mapping[str, str]:
    alarms, compute = project.alarms or Alarms(), project.compute
    memory, architecture = int(compute.memory), compute.architecture
    machine = Machine(compute.type, compute.vcpus, memory, architecture=architecture)
    return {
        "Project": project.name,
        "ArtifactsBucketName": common["ArtifactsBucketName"],
        "CodeKey": code.key,
        "Email": alarms.email or "",
        "RejectedPercent": str(alarms.rejected_percent),
        "WaitingMinutes": str(alarms.waiting_minutes),
        "UsdPerSecond": f"{per_second(machine, PRICES):.9f}",
    }


def schedule(project: Project, site: Site, described: str) -> Mapping[str, str]:
    schedule = project.schedule
    return {
        "SweepExpression": schedule.sweep or "",
        "SweepTimezone": schedule.timezone,
        "SweepWindow": str(schedule.window),
        "SweepOrder": json.dumps(orders.Sweep(max_cost=schedule.max_cost).text),
        "Document": described,
        "ComputeType": project.compute.type,
        "Architecture": project.compute.architecture,
        "AssignPublicIp": _public_ip(project),
        "Image": site.image,
        "ImageRepositoryArn": registry.repository_arn(site.image) or "",
        "OutputBucketName": project.output.bucket,
        "OutputPrefix": _policy_text(outputs.literal_prefix(project.output.key)),
    }


def _policy_text(prefix: str) -> str:
    """As much of `prefix` as can stand in an IAM policy, which takes ASCII, and three of its characters to
    mean something else."""
    return prefix[: next((at for at, c in enumerate(prefix) if not " " <= c <= "~" or c in "*?$"), None)]


def rules(project: Project, code: Code) -> Mapping[str, str]:
    accepted = map(uploads.pattern_text, uploads.accepted_patterns(project.upload_rules))
    rejected = uploads.rejected_pattern(project.upload_rules, project.outputs_prefix)
    return {
        **{f"AcceptedUploads{n if n > 1 else ''}": text for n, text in enumerate(accepted, start=1)},
        "RejectedUploads": uploads.pattern_text(rejected),
        "Uploads": project.upload_rules.to_json(),
        "Recipe": project.recipe.digest,
        "Tasks": str(len(project.recipe.tasks)),
        "CodeKey": code.key,
        "Metrics": _metrics(project),
        "ArchiveDays": str(project.upload.archive_days),
        "OutputBucketName": project.output.bucket,
        "Gallery": "on" if project.gallery.enabled else "off",
    }


def update_minutes(compute: Compute) -> int:
    """How long an update waits for running jobs: as long as the longest of them may take, if AWS lets it."""
    longest = max(compute.upload_timeout, compute.bulk_timeout)
    return min(math.ceil(longest / 60), MAX_UPDATE_MINUTES)


def capacity(compute: Compute) -> tuple[int, int]:
    """vCPUs of the first choice and of its on-demand fallback; together max_vcpus where both fit a child."""
    if compute.type == "fargate":
        return compute.max_vcpus, compute.max_vcpus
    child = math.ceil(compute.vcpus)
    fallback = max(compute.max_vcpus // FALLBACK_SHARE, child)
    return max(compute.max_vcpus - fallback, child), fallback
