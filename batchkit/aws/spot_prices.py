"""What EC2 Spot costs at the moment."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from batchkit.aws.errors import translated
from batchkit.errors import PermissionDenied, Throttled
from batchkit.planning.prices import Price

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.literals import InstanceTypeType

    from batchkit.planning.cost import Architecture

# Hosts of general purpose and their vCPUs: a sample of what Batch chooses from. It takes the pools with the
# most capacity at a low price, so the median says more than the cheapest.
SAMPLE: dict[Architecture, dict[InstanceTypeType, int]] = {
    "x86-64": {"m5.large": 2, "m5.xlarge": 4, "m6i.large": 2, "m6i.xlarge": 4},
    "arm64": {"m6g.large": 2, "m6g.xlarge": 4, "m7g.large": 2, "m7g.xlarge": 4},
}


def spot_vcpu_hour(
    client: EC2Client, architecture: Architecture = "x86-64", clock: Callable[[], float] = time.time
) -> Price | None:
    """USD for a vCPU-hour now, the median over instance types and zones of the client's region.

    None when the caller may not ask (ec2:DescribeSpotPriceHistory), when EC2 does not answer, or when
    none of the types is sold there. Raises ConfigError without region or credentials.
    """
    now = datetime.fromtimestamp(clock(), UTC)
    try:
        prices = _ask(client, now, SAMPLE[architecture])
    except (PermissionDenied, Throttled):
        return None
    if not prices:
        return None
    families = " and ".join(sorted({name.partition(".")[0] for name in SAMPLE[architecture]}))
    source = f"DescribeSpotPriceHistory, median of {len(prices)} prices of {families}"
    return Price(round(median(prices), 6), source, now.date().isoformat())


def _ask(client: EC2Client, now: datetime, sample: dict[InstanceTypeType, int]) -> list[float]:
    with translated("asking for the prices of Spot"):
        pages = client.get_paginator("describe_spot_price_history").paginate(
            InstanceTypes=list(sample),
            ProductDescriptions=["Linux/UNIX"],
            # From now on: the answer is the price in effect.
            StartTime=now,
        )
        return [
            float(entry["SpotPrice"]) / sample[entry["InstanceType"]]
            for page in pages
            for entry in page["SpotPriceHistory"]
        ]
