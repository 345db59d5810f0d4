"""An SQS queue: one message, the text as its body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.permissions import may_send, require_role

if TYPE_CHECKING:
    from batchkit.local.events.targets.services import Services


def deliver(services: Services, delivery: Delivery, text: str) -> None:
    target, backends = delivery.target, services.backends
    arn = str(target["Arn"])
    if target.get("RoleArn"):
        require_role(backends, delivery, "sqs:SendMessage", [arn])
    with backends.locked("sqs"):
        queue = backends.of("sqs").queues.get(arn.rsplit(":", 1)[-1])
        if queue is None:
            raise DeliveryFault("NO_RESOURCE", f"the queue does not exist: {arn}")
        if not target.get("RoleArn") and not may_send(queue, arn, delivery.rule_arn):
            raise DeliveryFault("NO_PERMISSIONS", f"the policy of {arn} does not allow events.amazonaws.com")
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        backends.of("sqs").send_message(queue.name, text, group_id=group)
