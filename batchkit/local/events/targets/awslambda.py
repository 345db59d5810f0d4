"""A Lambda function: EventBridge invokes it asynchronously.

The delivery has succeeded when Lambda has queued the event. What the handler then raises is retried by
Lambda (twice) and ends in the function's own dead-letter queue, never in the rule's.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.permissions import may_invoke, require_role
from batchkit.local.functions import find

if TYPE_CHECKING:
    from batchkit.local.events.targets.services import Services


def deliver(services: Services, delivery: Delivery, text: str) -> None:
    target, backends = delivery.target, services.backends
    arn = str(target["Arn"])
    if target.get("RoleArn"):
        require_role(backends, delivery, "lambda:InvokeFunction", [arn])
    with backends.locked("lambda"):
        function = find(backends, arn)
        if function is None:
            raise DeliveryFault("NO_RESOURCE", f"the function does not exist: {arn}")
        if not target.get("RoleArn") and not may_invoke(function, arn, delivery.rule_arn):
            raise DeliveryFault("NO_PERMISSIONS", f"the policy of {arn} does not allow events.amazonaws.com")
    try:
        json.loads(text)
    except ValueError as error:
        raise DeliveryFault("INVALID_JSON", f"Lambda takes JSON only: {text}") from error
    services.functions.invoke_later(function.function_name, text)
