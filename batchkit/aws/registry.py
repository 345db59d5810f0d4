"""ECR, AWS's image registry: whose a repository is, and how to log in."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# ECR user guide, "Amazon ECR private registry": <account>.dkr.ecr.<region>.amazonaws.com, with -fips and
# .cn variants.
HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True)
class Login:
    """What a registry asks for. The password is kept out of logs and messages."""

    username: str
    password: str = field(repr=False)


def region_of(repository: str) -> str | None:
    """The region of an ECR repository's URI; None for any other registry's."""
    found = HOST.fullmatch(repository.partition("/")[0])
    return found["region"] if found else None


def repository_arn(image: str) -> str | None:
    """The ARN of the ECR repository that holds `image` (a URI with or without tag or digest); None for an
    image of any other registry.
    """
    host, _, path = image.partition("/")
    found = HOST.fullmatch(host)
    if found is None:
        return None
    name = path.partition("@")[0].partition(":")[0]
    region, account = found["region"], found["account"]
    return f"arn:{_partition(region)}:ecr:{region}:{account}:repository/{name}"


def _partition(region: str) -> str:
    special = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for start, name in special.items() if region.startswith(start)), "aws")


def login(client: ECRClient, repository: str) -> Login:
    """Credentials for `repository`, good for twelve hours.

    Raises ConfigError when the client is another region's: a token is good for one region only.
    """
    wanted, region = region_of(repository), client.meta.region_name
    if wanted != region:
        raise ConfigError(
            f"{repository} cannot be logged in to with the session's region",
            found=region,
            expected=wanted or "the URI of an ECR repository",
            fix=f"AWS_REGION={wanted}" if wanted else "docker login",
        )
    with translated(f"logging in to {repository}"):
        data = client.get_authorization_token()["authorizationData"][0]
    username, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    return Login(username, password)


def digest(client: ECRClient, image: str) -> str | None:
    """The digest of an image in ECR, in the client's region; None when it is not there."""
    host, _, path = image.partition("/")
    by_digest = "@" in path
    name, _, rest = path.partition("@") if by_digest else path.partition(":")
    wanted: dict[str, str] = {"imageDigest": rest} if by_digest else {"imageTag": rest or "latest"}
    with translated(f"looking for the image {image}"):
        try:
            owner = host.partition(".")[0]
            answer = client.describe_images(registryId=owner, repositoryName=name, imageIds=[wanted])  # type: ignore[list-item]
        except boto.ClientError as error:
            if code(error) in {"ImageNotFoundException", "RepositoryNotFoundException"}:
                return None
            raise
    return str(answer["imageDetails"][0]["imageDigest"])
