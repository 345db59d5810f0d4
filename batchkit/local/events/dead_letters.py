"""Events that could not be delivered, as EventBridge puts them into a dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.local.events.permissions import may_send
from batchkit.local.events.transform import compact

if TYPE_CHECKING:
    from batchkit.local.backends import Backends
    from batchkit.local.events.delivery import Delivery, DeliveryFault


def attributes(delivery: Delivery, fault: DeliveryFault, exhausted: str | None) -> dict[str, dict[str, str]]:
    """The message attributes; EXHAUSTED_RETRY_CONDITION only at a limit of the retry policy."""
    texts = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": str(delivery.target["Arn"]),
        "ERROR_CODE": fault.code,
        "ERROR_MESSAGE": fault.message,
    }
    if exhausted is not None:
        texts["EXHAUSTED_RETRY_CONDITION"] = exhausted
        texts["RETRY_ATTEMPTS"] = str(delivery.failed - 1)
    # An attribute of SQS may not be empty.
    return {name: {"DataType": "String", "StringValue": text or "-"} for name, text in texts.items()}


def bury(backends: Backends, delivery: Delivery, fault: DeliveryFault, exhausted: str | None) -> str | None:
    """Sends the original event to the target's dead-letter queue.

    Returns None when it lies there, or why it is lost: no queue, no such queue, or no policy that lets
    EventBridge send to it (AWS drops the event then, with a metric and no other trace).
    """
    arn = delivery.dead_letter_arn
    if arn is None:
        return "the target has no dead-letter queue"
    name = arn.rsplit(":", 1)[-1]
    with backends.locked("sqs"):
        queue = backends.of("sqs").queues.get(name)
        if queue is None:
            return f"the dead-letter queue {name} does not exist"
        if not may_send(queue, arn, delivery.rule_arn):
            return f"the policy of {name} does not allow events.amazonaws.com to send"
        message = attributes(delivery, fault, exhausted)
        backends.of("sqs").send_message(name, compact(delivery.event), message_attributes=message)
    return None
