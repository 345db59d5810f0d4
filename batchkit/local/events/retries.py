"""When a failed delivery is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchkit.local.events.delivery import Delivery, DeliveryFault

# EventBridge does not publish its backoff. Doubling from one second up to this makes 185 retries last a day.
LONGEST_WAIT_SECONDS = 500.0
# A second of EventBridge's waiting, here: a whole day of retries takes 45 seconds.
SCALE = 1 / 2000

Backoff = Callable[[int], float]


def aws_backoff(failed: int) -> float:
    """Seconds that EventBridge waits after the `failed`-th failed attempt (1, 2…)."""
    return float(min(2.0 ** min(failed - 1, 16), LONGEST_WAIT_SECONDS))


def exhausted(delivery: Delivery) -> str | None:
    """The limit that a delivery has just reached, in the words of EXHAUSTED_RETRY_CONDITION."""
    if delivery.failed > delivery.retries:
        return "MaximumRetryAttempts"
    if delivery.age > delivery.max_age:
        return "MaximumEventAgeInSeconds"
    return None


def after_failure(delivery: Delivery, fault: DeliveryFault, backoff: Backoff) -> tuple[Delivery, str | None]:
    """The delivery one attempt later, and the limit that ends it, if it is one that `fault` leaves to try."""
    failed = delivery.failed + 1
    later = replace(delivery, failed=failed, age=delivery.age + backoff(failed))
    return later, exhausted(later) if fault.retry else None
