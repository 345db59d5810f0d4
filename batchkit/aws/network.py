"""Where jobs run when the project does not say: the default VPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.aws.errors import translated
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

# AWS Batch API reference, ComputeResource: Fargate takes "up to 16 subnets".
MAX_SUBNETS = 16


@dataclass(frozen=True)
class Network:
    """Subnet and security group ids."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


def default_network(client: EC2Client) -> Network:
    """The subnets of the region's default VPC, one per zone, and its default security group.

    Raises ConfigError when the region has none.
    """
    with translated("looking for the default VPC"):
        subnets = client.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        vpcs = {subnet["VpcId"] for subnet in subnets}
        groups = client.describe_security_groups(
            Filters=[
                {"Name": "group-name", "Values": ["default"]},
                {"Name": "vpc-id", "Values": sorted(vpcs) or ["none"]},
            ]
        )["SecurityGroups"]
    if not subnets or not groups:
        raise ConfigError(
            "the region has no default VPC to run jobs in",
            found=f"{len(subnets)} default subnets, {len(groups)} default security groups",
            fix="aws ec2 create-default-vpc",
        )
    ids = sorted(subnet["SubnetId"] for subnet in subnets)
    return Network(tuple(ids[:MAX_SUBNETS]), (groups[0]["GroupId"],))
