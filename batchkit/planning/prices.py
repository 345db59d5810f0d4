"""What AWS bills, in USD, us-east-1, Linux: defaults for estimates, each with its date.

They are defaults, not a quotation: other regions have other prices, Spot prices move, and contracts differ.
`overridden` replaces any of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Price:
    """USD for one unit, as `source` said of `date` (YYYY-MM)."""

    usd: float
    source: str
    date: str


# Assumed of both kinds of Spot: 65 % off. Fargate Spot is advertised with up to 70 %, EC2 Spot usually gives
# 60 to 70 %.
_SPOT_SHARE = 0.35

_FARGATE = "cloudburn.io, factualminds.com and wring.co agree"
_FARGATE_ARM = "vantage.sh, an undated page seen then; factualminds.com: about 20 % below x86"
_OFF_ARM = "65 % off Fargate on ARM64, as assumed of x86"
_S3 = "c3x.dev, an undated page seen then"
_RECALLED = "commonly known, not looked up"

# A constant of the planner, not of the environment: never changed at run time.
PRICES: Mapping[str, Price] = MappingProxyType(
    {
        "fargate-vcpu-hour": Price(0.04048, _FARGATE, "2026-06"),
        "fargate-gb-hour": Price(0.004445, _FARGATE, "2026-06"),
        "fargate-spot-vcpu-hour": Price(
            round(0.04048 * _SPOT_SHARE, 6), "65 % off Fargate; wring.co says up to 70 %", "2026-03"
        ),
        "fargate-spot-gb-hour": Price(
            round(0.004445 * _SPOT_SHARE, 6), "65 % off Fargate; wring.co says up to 70 %", "2026-03"
        ),
        "fargate-arm64-vcpu-hour": Price(0.03238, _FARGATE_ARM, "2026-11"),
        "fargate-arm64-gb-hour": Price(0.00356, _FARGATE_ARM, "2026-11"),
        "fargate-spot-arm64-vcpu-hour": Price(round(0.03238 * _SPOT_SHARE, 6), _OFF_ARM, "2026-11"),
        "fargate-spot-arm64-gb-hour": Price(round(0.00356 * _SPOT_SHARE, 6), _OFF_ARM, "2026-11"),
        "ec2-spot-arm64-vcpu-hour": Price(
            round(0.0408 * _SPOT_SHARE, 6),
            "65 % off an on-demand m7g's 0.0408; factualminds.com and c3x.dev agree on that",
            "2026-06",
        ),
        "ec2-spot-vcpu-hour": Price(
            round(0.048 * _SPOT_SHARE, 6), f"65 % off an on-demand m5's 0.048; {_RECALLED}", "2026-11"
        ),
        "public-ipv4-hour": Price(0.005, _RECALLED, "2026-11"),
        "s3-put": Price(0.005 / 1000, _S3, "2026-11"),
        "s3-list": Price(0.005 / 1000, _S3, "2026-11"),
        "s3-get": Price(0.0004 / 1000, _S3, "2026-11"),
        "dynamodb-write": Price(0.625 / 1e6, "airbyte.com", "2025-07"),
        "dynamodb-read": Price(0.125 / 1e6, "airbyte.com", "2025-07"),
        "eventbridge-event": Price(1.00 / 1e6, "cloudburn.io", "2026-03"),
        "logs-gb": Price(0.50, _RECALLED, "2026-11"),
        "s3-gb": Price(0.023, f"S3 Standard, a month; {_RECALLED}", "2026-11"),
        "dynamodb-gb": Price(0.25, f"a month; {_RECALLED}", "2026-11"),
        "ecr-gb": Price(0.10, f"a month; {_RECALLED}", "2026-11"),
        "logs-stored-gb": Price(0.03, f"a month; {_RECALLED}", "2026-11"),
        "nat-hour": Price(0.045, f"and 0.045 a GB; {_RECALLED}", "2026-11"),
        "interface-endpoint-hour": Price(0.01, f"in each zone, and 0.01 a GB; {_RECALLED}", "2026-11"),
        "kms-key-month": Price(1.00, _RECALLED, "2026-11"),
        "alarm-month": Price(0.10, f"the first ten of an account are free; {_RECALLED}", "2026-11"),
        "dashboard-month": Price(3.00, f"the first three of an account are free; {_RECALLED}", "2026-11"),
    }
)


def compute_price(compute: str, architecture: str, unit: str) -> str:
    """The name of the price of an hour of a child's `unit`, "vcpu" or "gb"."""
    kind = compute if architecture == "x86-64" else f"{compute}-{architecture}"
    return f"{kind}-{unit}-hour"


def overridden(overrides: Mapping[str, float], prices: Mapping[str, Price] = PRICES) -> Mapping[str, Price]:
    """The prices with some replaced. Raises ConfigError for an unknown name or an impossible price."""
    for name, usd in overrides.items():
        if name not in prices:
            near = get_close_matches(name, prices, 1)
            raise ConfigError(
                "there is no such price",
                found=name,
                expected=f"one of {', '.join(prices)}",
                fix=f"did you mean '{near[0]}'?" if near else None,
            )
        if not math.isfinite(usd) or usd < 0:
            raise ConfigError(f"the price '{name}' is impossible", found=usd, expected="USD, 0 or more")
    own = {name: Price(usd, "given by you", "") for name, usd in overrides.items()}
    return {**prices, **own}
