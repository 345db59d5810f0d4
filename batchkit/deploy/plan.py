"""What deploying a project does, as data: printed, compared and tested before anything happens.

The order is part of it. The network and the buckets come first; then what the other stacks point to (the
recipe, the project and the handlers' code, all under their digests, so nothing in use is ever overwritten);
then the queues and job definitions, and what the clock starts; the rules, which set it all in motion, after
everything that they call; and who watches. A network or alarms that the project no longer has go last.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchkit import canonical, resources
from batchkit.aws import registry
from batchkit.gallery import site
from batchkit.planning import names, outputs, uploads
from batchkit.planning.cost import Machine, per_second
from batchkit.planning.prices import PRICES
from batchkit.project import Alarms, document
from batchkit.runs import orders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.aws.objects import Head
    from batchkit.deploy.code import Code
    from batchkit.project import Compute, Project

NETWORK = "cloudformation/network.yaml"
STORAGE = "cloudformation/storage.yaml"
COMPUTE = "cloudformation/compute.yaml"
SCHEDULE = "cloudformation/schedule.yaml"
RULES = "eventbridge/rules.yaml"
OBSERVABILITY = "cloudformation/observability.yaml"

# In an object's metadata: the digest of a content that the key does not name.
CONTENT = "batchkit-content"

# Of a Spot project's vCPUs, one in eight is on-demand: work goes on when there is no Spot capacity,
# and the most that it can cost stays near the Spot price.
FALLBACK_SHARE = 8

# AWS Batch API reference, UpdatePolicy: "jobExecutionTimeoutMinutes" is 1 to 7,200 (five days).
MAX_UPDATE_MINUTES = 7200

# What batchkit.toml says for a key of the project's own; storage.yaml takes the same word.
CREATE = "create"


@dataclass(frozen=True)
class Site:
    """Where a project is put, and the image that its children run."""

    account: str
    region: str
    image: str


@dataclass(frozen=True)
class File:
    """An object: in the artifacts bucket one that is named by its content, so that it never changes; else one
    that says in its metadata what its content is. `headers` by the names of S3's PutObject."""

    bucket: str
    key: str
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def is_there(self, found: Head | None) -> bool:
        """Whether what was found at its place is this."""
        return found is not None and self.metadata.items() <= found.metadata.items()

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key} ({len(self.body):,} bytes)"


@dataclass(frozen=True)
class FromOutput:
    """A parameter's value that is known when an earlier stack of the plan stands: its output `key`."""

    stack: str
    key: str

    def __str__(self) -> str:
        return f"<{self.key} of {self.stack}>"


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack: its name, its template's path and text, all its parameters."""

    name: str
    path: str
    template: str
    parameters: Mapping[str, str | FromOutput]

    @property
    def texts(self) -> dict[str, str]:
        """The parameters as CloudFormation takes them."""
        return {name: str(value) for name, value in self.parameters.items()}

    @property
    def awaits(self) -> set[str]:
        """The stacks whose outputs are not known yet."""
        return {value.stack for value in self.parameters.values() if isinstance(value, FromOutput)}

    def __str__(self) -> str:
        return f"stack {self.name} ({self.path})"


@dataclass(frozen=True)
class Removal:
    """A stack that the project no longer has, if it is there."""

    name: str

    def __str__(self) -> str:
        return f"no stack {self.name}"


Step = File | Stack | Removal


@dataclass(frozen=True)
class Plan:
    """What to do, in order."""

    project: str
    steps: tuple[Step, ...]


def plan(project: Project, site: Site, code: Code) -> Plan:
    """Everything that deploying the project does. Raises ConfigError for a recipe that the job refuses."""
    common = {
        "Project": project.name,
        "UploadBucketName": project.upload.bucket,
        "ArtifactsBucketName": names.artifacts_bucket(project.name, site.account, site.region),
        "LedgerTableName": names.ledger_table(project.name),
    }
    bucket, recipe, described = common["ArtifactsBucketName"], project.recipe, document.encode(project)
    network = _stack(project, NETWORK, _network(project))
    storage = _stack(project, STORAGE, {**common, **_storage(project)})
    logs = {"LogRetention": str(project.storage.log_days), "KmsKeyArn": _key(project, storage)}
    shared = {**common, **logs}
    watched = _stack(project, OBSERVABILITY, {**logs, **_observability(project, common, code)})
    is_given = project.network.is_given
    steps: tuple[Step | None, ...] = (
        None if is_given else network,
        storage,
        File(bucket, names.recipe_key(recipe.digest), recipe.document, "application/json"),
        File(bucket, names.project_key(canonical.digest(described)), described, "application/json"),
        File(bucket, code.key, code.body, "application/zip"),
        _stack(project, COMPUTE, {**shared, **_compute(project, site), **_place(project, network)}),
        _stack(project, SCHEDULE, {**shared, **_schedule(project, site, canonical.digest(described))}),
        *_gallery(project),
        _stack(project, RULES, {**shared, **_rules(project, code)}),
        watched if project.alarms else Removal(watched.name),
        Removal(network.name) if is_given else None,
    )
    return Plan(project.name, tuple(step for step in steps if step is not None))


def _stack(project: Project, path: str, parameters: Mapping[str, str | FromOutput]) -> Stack:
    file = resources.path(path)
    return Stack(names.stack(project.name, file.stem), path, file.read_text(), parameters)


def _network(project: Project) -> Mapping[str, str]:
    network = project.network
    return {
        "Project": project.name,
        "Egress": network.egress,
        "ComputeType": project.compute.type,
        "Zones": str(network.zones),
        "Cidr": network.cidr,
    }


def _storage(project: Project) -> Mapping[str, str]:
    storage = project.storage
    return {
        "CreateUploadBucket": str(project.upload.create).lower(),
        "OutputBucketName": project.output.bucket,
        "CreateOutputBucket": str(project.output.create).lower(),
        "KmsKey": storage.kms_key or "",
        "RunsDays": str(storage.runs_days),
        "VersionsDays": str(storage.versions_days),
    }


def _key(project: Project, storage: Stack) -> str | FromOutput:
    """The ARN of the key that everything is encrypted with; "" for the services' own keys."""
    chosen = project.storage.kms_key or ""
    return FromOutput(storage.name, "KmsKeyArn") if chosen == CREATE else chosen


def _place(project: Project, made: Stack) -> Mapping[str, str | FromOutput]:
    """The subnets and security groups of the jobs: given ones, or those of the stack that makes them."""
    given = project.network
    return {
        "Subnets": ",".join(given.subnets) or FromOutput(made.name, "Subnets"),
        "SecurityGroups": ",".join(given.security_groups) or FromOutput(made.name, "SecurityGroups"),
        "AssignPublicIp": _public_ip(project),
    }


def _public_ip(project: Project) -> str:
    return "ENABLED" if project.network.egress == "public-ip" else "DISABLED"


def _compute(project: Project, site: Site) -> Mapping[str, str]:
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


def _observability(project: Project, common: Mapping[str, str], code: Code) -> Mapping[str, str]:
    alarms, compute = project.alarms or Alarms(), project.compute
    machine = Machine(compute.type, compute.vcpus, int(compute.memory))
    return {
        "Project": project.name,
        "ArtifactsBucketName": common["ArtifactsBucketName"],
        "CodeKey": code.key,
        "Email": alarms.email or "",
        "RejectedPercent": str(alarms.rejected_percent),
        "WaitingMinutes": str(alarms.waiting_minutes),
        "UsdPerSecond": f"{per_second(machine, PRICES):.9f}",
    }


def _schedule(project: Project, site: Site, described: str) -> Mapping[str, str]:
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


def _rules(project: Project, code: Code) -> Mapping[str, str]:
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


def _gallery(project: Project) -> Iterator[File]:
    """The gallery's page; what it shows is written as it happens."""
    if project.gallery.enabled:
        for one in site.placed(project.name, project.gallery.url or ""):
            digest = {CONTENT: canonical.digest(one.body)}
            yield File(project.output.bucket, one.key, one.body, one.content_type, one.headers, digest)


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
