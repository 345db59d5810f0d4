"""An SNS topic: the text is the message, with the quotes that a template in quotes has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.sns.exceptions import SNSException

from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.permissions import may_publish, require_role
from batchkit.local.trace import Trace

if TYPE_CHECKING:
    from batchkit.local.events.targets.services import Services


def deliver(services: Services, delivery: Delivery, text: str) -> None:
    target, backends = delivery.target, services.backends
    arn = str(target["Arn"])
    if target.get("RoleArn"):
        require_role(backends, delivery, "sns:Publish", [arn])
    with backends.locked("sns"):
        topic = backends.of("sns").topics.get(arn)
        if topic is None:
            raise DeliveryFault("NO_RESOURCE", f"the topic does not exist: {arn}")
        if not target.get("RoleArn") and not may_publish(topic, arn):
            raise DeliveryFault("NO_PERMISSIONS", f"the policy of {arn} does not allow events.amazonaws.com")
        try:
            backends.of("sns").publish(message=text, arn=arn)
        except SNSException as error:
            raise DeliveryFault("INVALID_PARAMETER", str(error)) from error
    first_line = next(iter(text.splitlines()), "")
    services.observe(Trace("message", first_line, {"topic": arn, "message": text}))
