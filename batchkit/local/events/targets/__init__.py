"""How each kind of target takes an event: one file per kind, one line in `TARGETS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.targets import awslambda, batch, sns, sqs
from batchkit.local.events.targets.services import Services

Deliver = Callable[[Services, Delivery, str], None]

# By the service in the target's ARN. A function gets the delivery and the transformed text, returns when
# the target has taken it and raises DeliveryFault when it has not.
TARGETS: Mapping[str, Deliver] = {
    "batch": batch.deliver,
    "lambda": awslambda.deliver,
    "sns": sns.deliver,
    "sqs": sqs.deliver,
}


def deliver(services: Services, delivery: Delivery, text: str) -> None:
    """Hands `text` to the target of `delivery`. Raises DeliveryFault."""
    arn = str(delivery.target["Arn"])
    kind = TARGETS.get(arn.split(":")[2] if arn.count(":") >= 5 else "")
    if kind is None:
        known = ", ".join(sorted(TARGETS))
        raise DeliveryFault("SDK_CLIENT_ERROR", f"the local stack delivers to {known}, not to {arn}")
    kind(services, delivery, text)
