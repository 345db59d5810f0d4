"""The tables of batchkit.toml."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from batchkit.planning import outputs
from batchkit.planning.states import MAX_BAD
from batchkit.project.sizes import Memory, Size

# What the CloudFormation templates accept as a part of every name: Batch, IAM, SNS and DynamoDB allow
# more, S3's lower-case names do not, and a role's name has at most 64 characters.
NAME = r"^[a-z][a-z0-9-]{0,29}[a-z0-9]$"

SUFFIX = r"^\.[a-z0-9][a-z0-9._-]{0,15}$"

# What S3, DynamoDB, SNS and CloudWatch Logs take as the name of a key that may be another account's.
KMS_KEY = r"^(create|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]{1,64})$"

CIDR = r"^[0-9]{1,3}\.[0-9]{1,3}\.0\.0/16$"
DEFAULT_CIDR = "10.83.0.0/16"
DEFAULT_ZONES = 2

ADDRESS = r"^https?://[^\s\"'<>?#]+/$"

Bucket = Annotated[str, Meta(min_length=3, max_length=63, description="Name of an S3 bucket.")]
Suffix = Annotated[str, Meta(pattern=SUFFIX, examples=[".jpg"])]
EMAIL = r"^[^\s@]+@[^\s@]+$"
Seconds = Annotated[int, Meta(ge=60, le=14 * 24 * 3600)]
Days = Annotated[int, Meta(ge=1, le=3653)]
SubnetId = Annotated[str, Meta(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, Meta(pattern=r"^sg-[0-9a-f]{8,17}$")]
# A type (c7g.large) or a family (c7g), as AWS Batch takes both.
InstanceType = Annotated[str, Meta(pattern=r"^[a-z0-9-]{2,20}(\.[a-z0-9-]{2,20})?$", examples=["c7i"])]


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file; an unknown key is an error."""


class Identity(Table, frozen=True, kw_only=True):
    """[project]"""

    name: Annotated[
        str, Meta(pattern=NAME, description="Begins the name of everything the project makes on AWS.")
    ]


class Upload(Table, frozen=True, kw_only=True):
    """[upload]: which objects are processed as soon as they are put."""

    bucket: Bucket
    prefix: Annotated[str, Meta(max_length=512, description="What accepted keys begin with.")] = ""
    suffixes: Annotated[
        tuple[Suffix, ...],
        Meta(min_length=1, description="What accepted keys end with; also in UPPER and Title case."),
    ]
    max_bytes: Annotated[
        Size, Meta(description="Larger uploads are rejected.", extra_json_schema={"default": "200 MB"})
    ] = field(default_factory=lambda: Size(200_000_000))
    create: Annotated[
        bool, Meta(description="Whether deploying makes the bucket; false for one that there is already.")
    ] = True
    archive_days: Annotated[
        int, Meta(ge=0, le=3653, description="Days that EventBridge keeps the events for a replay; 0: none.")
    ] = 0


class Output(Table, frozen=True, kw_only=True):
    """[output]: where the outputs go."""

    bucket: Bucket
    key: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=512,
            description="Template of the outputs' keys, with the fields "
            + ", ".join(f"{{{name}}}" for name in outputs.FIELDS),
        ),
    ] = "{dir}/{name}/{task}.{ext}"
    create: Annotated[
        bool, Meta(description="Whether deploying makes the bucket; false for one that there is already.")
    ] = True


class Compute(Table, frozen=True, kw_only=True):
    """[compute]: what the children run on. `memory` in MiB, the timeouts in seconds per attempt."""

    type: Annotated[
        Literal["ec2-spot", "fargate", "fargate-spot"],
        Meta(description="The Spot kinds fall back to on-demand capacity."),
    ] = "fargate-spot"
    max_vcpus: Annotated[
        int, Meta(ge=1, le=100_000, description="vCPUs that run at the same time; bounds the bill.")
    ] = 256
    vcpus: Annotated[float, Meta(ge=0.25, le=256, description="vCPUs of one child.")] = 1.0
    memory: Annotated[
        Memory, Meta(description="Memory of one child.", extra_json_schema={"default": "2 GB"})
    ] = field(default_factory=lambda: Memory(2048))
    upload_timeout: Annotated[Seconds, Meta(description="Seconds for one attempt of an upload's child.")] = (
        900
    )
    bulk_timeout: Annotated[Seconds, Meta(description="Seconds for one attempt of a bulk child.")] = 7200
    image: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="The worker's image, where it is not the one that batchkit pushed."),
    ] = None
    architecture: Annotated[
        Literal["x86-64", "arm64"],
        Meta(description="Of the children's processors, and of the image that batchkit builds for them."),
    ] = "x86-64"
    instance_types: Annotated[
        tuple[InstanceType, ...],
        Meta(max_length=30, description="ec2-spot: families or types to choose from; else current ones."),
    ] = ()


class Backfill(Table, frozen=True, kw_only=True):
    """[bulk]: how runs of `batchkit submit` are judged."""

    max_bad: Annotated[
        float,
        Meta(ge=0, le=1, description="Share of rejected and failed items above which a run is FAILED."),
    ] = MAX_BAD


class Network(Table, frozen=True, kw_only=True):
    """[network]: where the children run. Either deploying makes it, or `subnets` and `security_groups` name
    what there is."""

    egress: Annotated[
        Literal["public-ip", "nat", "endpoints"],
        Meta(description="How children reach AWS: an address each, a NAT gateway, or VPC endpoints."),
    ] = "public-ip"
    zones: Annotated[int, Meta(ge=2, le=3, description="Availability zones, a subnet in each.")] = (
        DEFAULT_ZONES
    )
    cidr: Annotated[str, Meta(pattern=CIDR, description="IPv4 range of the VPC.")] = DEFAULT_CIDR
    subnets: Annotated[
        tuple[SubnetId, ...], Meta(max_length=16, description="Subnets that there are already.")
    ] = ()
    security_groups: Annotated[
        tuple[SecurityGroupId, ...],
        Meta(max_length=5, description="Security groups of the children in these subnets."),
    ] = ()

    @property
    def is_given(self) -> bool:
        """Whether the children run in subnets that others made."""
        return bool(self.subnets)


class Schedule(Table, frozen=True, kw_only=True):
    """[schedule]: the sweep that the project does by itself. `window` in minutes, `max_cost` in USD."""

    sweep: Annotated[
        Annotated[str, Meta(min_length=1, max_length=256, examples=["cron(0 3 * * ? *)"])] | None,
        Meta(description="When to make what is missing or stale: cron(…) or rate(…). Without it: never."),
    ] = None
    timezone: Annotated[
        str, Meta(description="The IANA time zone of `sweep`.", examples=["Europe/Paris"])
    ] = "UTC"
    window: Annotated[int, Meta(ge=0, le=1440, description="Minutes by which a sweep may begin later.")] = 15
    max_cost: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="A sweep that would cost more than that many USD is refused."),
    ] = None


class Alarms(Table, frozen=True, kw_only=True):
    """[alarms]: with this table, even an empty one, the project has metrics, a dashboard and alarms."""

    email: Annotated[
        Annotated[str, Meta(pattern=EMAIL, max_length=320, examples=["ops@example.com"])] | None,
        Meta(description="Who is told; the address has to confirm. Without it: whoever subscribes."),
    ] = None
    rejected_percent: Annotated[
        int, Meta(ge=1, le=100, description="Share of rejected items that is an alarm, of 20 and more.")
    ] = 20
    waiting_minutes: Annotated[
        int, Meta(ge=5, le=1440, description="Minutes that an upload may wait for a place before an alarm.")
    ] = 60


class Gallery(Table, frozen=True, kw_only=True):
    """[gallery]: a static page in the output bucket that shows what became of the sources."""

    enabled: Annotated[bool, Meta(description="Whether the page is kept up to date.")] = True
    url: Annotated[
        Annotated[str, Meta(pattern=ADDRESS)] | None,
        Meta(description="Where web pages find the outputs, such as https://d123.cloudfront.net/"),
    ] = None


class Storage(Table, frozen=True, kw_only=True):
    """[storage]: how what is kept is kept, and for how long."""

    kms_key: Annotated[
        Annotated[str, Meta(pattern=KMS_KEY)] | None,
        Meta(description="Encrypt with a KMS key: 'create' for the project's own, or a key's ARN."),
    ] = None
    runs_days: Annotated[Days, Meta(description="Days that manifests and reports of runs are kept.")] = 365
    versions_days: Annotated[
        Days, Meta(description="Days that overwritten and deleted versions of sources are kept.")
    ] = 30
    log_days: Annotated[
        Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653],
        Meta(description="Days that logs are kept."),
    ] = 30


class Job(Struct, frozen=True, kw_only=True):
    """[job]: which job; every other key of the table is the recipe, which the job itself types."""

    uses: Annotated[
        str, Meta(min_length=1, description="An entry point of batchkit.jobs, or module:attribute.")
    ]


class Document(Table, frozen=True, kw_only=True):
    """batchkit.toml"""

    project: Identity
    upload: Upload
    output: Output
    compute: Compute = field(default_factory=Compute)
    network: Network = field(default_factory=Network)
    gallery: Gallery = field(default_factory=Gallery)
    schedule: Schedule = field(default_factory=Schedule)
    alarms: Annotated[
        Alarms | None, Meta(description="Metrics, a dashboard and alarms; without the table: none.")
    ] = None
    bulk: Backfill = field(default_factory=Backfill)
    storage: Storage = field(default_factory=Storage)
    job: Job
