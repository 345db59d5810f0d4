"""Every boto3 client is built here, once, when it is first asked for, and handed in from here."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore.config import Config

from batchkit import __version__
from batchkit.aws.errors import translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_batch import BatchClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

# Waits between six attempts add up to 31 s at most (doubling, with jitter): longer than most
# throttling lasts, about as long as a container may take to stop.
ATTEMPTS = 6
CONNECT_SECONDS = 10
READ_SECONDS = 60

# One child keeps eight ledger writes, eight HEADs, four PUTs and a GET in flight.
CONNECTIONS = 32


def configuration(
    attempts: int = ATTEMPTS, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS
) -> Config:
    """How every client behaves: adaptive retries, timeouts in seconds, batchkit's name in the user agent."""
    return Config(
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
        user_agent_extra=f"batchkit/{__version__}",
    )


def new_session() -> boto3.Session:
    """A session of the standard variables and files.

    botocore looks at AWS_DEFAULT_REGION only; AWS's other SDKs, and Fargate, at AWS_REGION first.
    """
    core = botocore.session.Session({"region": ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)})
    return boto3.Session(botocore_session=core)


class Clients:
    """The clients of one session. Safe to share between threads.

    The session (region, credentials, endpoint) comes from the standard AWS variables and files
    unless one is given. Raises ConfigError from a property when there is no region.
    """

    def __init__(
        self,
        session: boto3.Session | None = None,
        config: Config | None = None,
        endpoint: str | None = None,
    ) -> None:
        self._session = session
        self._config = config or configuration()
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Clients:
        """Clients that take endpoint, region and keys from these variables, not from the process's own."""
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )
        return cls(session, endpoint=environment["AWS_ENDPOINT_URL"])

    @property
    def session(self) -> boto3.Session:
        """The one session of all clients. Raises ConfigError for an unknown profile."""
        with self._lock, translated("opening an AWS session"):
            self._session = self._session or new_session()
            return self._session

    @property
    def region(self) -> str | None:
        """The session's region, if it has one."""
        return cast("str | None", self.session.region_name)

    @property
    def batch(self) -> BatchClient:
        return cast("BatchClient", self._client("batch"))

    @cached_property
    def submitter(self) -> BatchClient:
        """Batch without retries of the SDK's: SubmitJob has no client token, so it is not idempotent."""
        once = self._config.merge(Config(retries={"mode": "adaptive", "total_max_attempts": 1}))
        return cast("BatchClient", self._build("batch", once))

    @property
    def cloudformation(self) -> CloudFormationClient:
        return cast("CloudFormationClient", self._client("cloudformation"))

    @property
    def cloudwatch(self) -> CloudWatchClient:
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @property
    def dynamodb(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self._client("dynamodb"))

    @property
    def ec2(self) -> EC2Client:
        return cast("EC2Client", self._client("ec2"))

    @property
    def ecr(self) -> ECRClient:
        return cast("ECRClient", self._client("ecr"))

    @property
    def events(self) -> EventBridgeClient:
        return cast("EventBridgeClient", self._client("events"))

    @property
    def functions(self) -> LambdaClient:
        return cast("LambdaClient", self._client("lambda"))

    @property
    def kms(self) -> KMSClient:
        return cast("KMSClient", self._client("kms"))

    @property
    def logs(self) -> CloudWatchLogsClient:
        return cast("CloudWatchLogsClient", self._client("logs"))

    @property
    def s3(self) -> S3Client:
        return cast("S3Client", self._client("s3"))

    @property
    def scheduler(self) -> EventBridgeSchedulerClient:
        return cast("EventBridgeSchedulerClient", self._client("scheduler"))

    @property
    def service_quotas(self) -> ServiceQuotasClient:
        return cast("ServiceQuotasClient", self._client("service-quotas"))

    @property
    def sns(self) -> SNSClient:
        return cast("SNSClient", self._client("sns"))

    @property
    def sqs(self) -> SQSClient:
        return cast("SQSClient", self._client("sqs"))

    @property
    def sts(self) -> STSClient:
        return cast("STSClient", self._client("sts"))

    def _client(self, service: str) -> Any:
        # boto3 does not promise that a session may build clients in two threads at once.
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._build(service, self._config)
            return self._clients[service]

    def _build(self, service: str, config: Config) -> Any:
        with self._lock, translated(f"building the client of {service}"):
            build: Any = self.session.client
            return build(service, config=config, endpoint_url=self._endpoint)
