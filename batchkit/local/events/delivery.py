"""One event on its way to one target, and why it may not arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# EventBridge's defaults, the most it allows: a day, 185 retries.
MAXIMUM_RETRIES = 185
MAXIMUM_AGE_SECONDS = 86_400


class DeliveryFault(Exception):
    """A target did not take an event. `code` is one of EventBridge's dead-letter codes.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """

    def __init__(self, code: str, message: str, *, retry: bool = False) -> None:
        self.code = code
        self.message = message
        self.retry = retry
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True)
class Delivery:
    """What must reach one target of one rule. `failed` counts attempts, `age` the seconds that EventBridge
    would have waited between them (the local stack waits a fraction).
    """

    event: Mapping[str, Any]
    rule_arn: str
    rule_name: str
    target: Mapping[str, Any]
    failed: int = 0
    age: float = 0.0

    @property
    def retries(self) -> int:
        return int(self._policy.get("MaximumRetryAttempts", MAXIMUM_RETRIES))

    @property
    def max_age(self) -> float:
        return float(self._policy.get("MaximumEventAgeInSeconds", MAXIMUM_AGE_SECONDS))

    @property
    def dead_letter_arn(self) -> str | None:
        return (self.target.get("DeadLetterConfig") or {}).get("Arn")

    @property
    def _policy(self) -> Mapping[str, Any]:
        return self.target.get("RetryPolicy") or {}
