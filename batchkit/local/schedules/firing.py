"""One firing of a schedule: the text of its target with Scheduler's own words filled in, and the call.

A target is a Lambda function or, of Scheduler's universal targets, the one that batchkit uses:
`batch:submitJob`, the members of whose request are capitalised, and any of which may be given.
Source: EventBridge Scheduler User Guide, "Universal targets" and "Adding context attributes".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from batchkit.local.batch.faults import BatchFault
from batchkit.local.batch.validation import service_model
from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.permissions import require_role
from batchkit.local.events.targets.batch import delivery_fault, lower
from batchkit.local.functions import find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from batchkit.local.events.targets.services import Services

SCHEDULER = "scheduler.amazonaws.com"
UNIVERSAL = ":scheduler:::aws-sdk:batch:submitJob"


@dataclass(frozen=True)
class Due:
    """A schedule that came due. `group_arn` is what a role's trust policy can name; `at` is UTC."""

    name: str
    arn: str
    group_arn: str
    target: Mapping[str, Any]
    at: datetime
    execution: str

    @property
    def delivery(self) -> Delivery:
        """The first attempt, with the retries and the queue of the target."""
        return Delivery({}, self.group_arn, self.name, self.target)

    @property
    def time(self) -> str:
        """As `<aws.scheduler.scheduled-time>` says it."""
        return self.at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def text(self, attempt: int) -> str:
        """The input with Scheduler's words filled in, as they are: nothing is escaped."""
        words = {
            "schedule-arn": self.arn,
            "scheduled-time": self.time,
            "execution-id": self.execution,
            "attempt-number": str(attempt),
        }
        text = str(self.target.get("Input") or "{}")
        for word, value in words.items():
            text = text.replace(f"<aws.scheduler.{word}>", value)
        return text


def fire(services: Services, due: Due, delivery: Delivery) -> str:
    """Invoke the target; what was started. Raises DeliveryFault."""
    text = due.text(delivery.failed + 1)
    if ":lambda:" in str(due.target["Arn"]):
        return _invoke(services, delivery, text)
    return _submit(services, due, delivery, text)


def _invoke(services: Services, delivery: Delivery, text: str) -> str:
    arn = str(delivery.target["Arn"])
    require_role(services.backends, delivery, "lambda:InvokeFunction", [arn], service=SCHEDULER)
    with services.backends.locked("lambda"):
        function = find(services.backends, arn)
    if function is None:
        raise DeliveryFault("NO_RESOURCE", f"the function does not exist: {arn}")
    services.functions.invoke_later(function.function_name, text)
    return f"function {function.function_name}"


def _submit(services: Services, due: Due, delivery: Delivery, text: str) -> str:
    request = _request(due.target, text)
    account, region = services.backends.account, services.backends.region
    place = f"arn:aws:batch:{region}:{account}"
    resources = [
        _arn(place, "job-queue", request.get("jobQueue", "")),
        _arn(place, "job-definition", request.get("jobDefinition", "")),
    ]
    require_role(services.backends, delivery, "batch:SubmitJob", resources, service=SCHEDULER)
    try:
        return f"job {services.batch.handle('SubmitJob', request)['jobId']}"
    except BatchFault as fault:
        raise delivery_fault(fault) from fault


def _request(target: Mapping[str, Any], text: str) -> dict[str, Any]:
    """SubmitJob's parameters, as on the wire."""
    if not str(target["Arn"]).endswith(UNIVERSAL):
        raise DeliveryFault(
            "UNSUPPORTED",
            f"the local stack plays Lambda functions and arn:aws{UNIVERSAL} only: {target['Arn']}",
        )
    try:
        given = json.loads(text)
    except ValueError as error:
        raise DeliveryFault("INVALID_JSON", f"the input is no JSON ({error}): {text}") from error
    if not isinstance(given, dict):
        raise DeliveryFault("INVALID_JSON", f"the input is no JSON object: {text}")
    unknown = set(given) - {name[0].upper() + name[1:] for name in _shape().members}
    if unknown:
        message = f"SubmitJob has no {', '.join(sorted(unknown))}; its members are capitalised"
        raise DeliveryFault("INVALID_PARAMETER", message)
    request: dict[str, Any] = lower(given, _shape())
    return request


@cache
def _shape() -> Any:
    return service_model().operation_model("SubmitJob").input_shape


def _arn(place: str, kind: str, name: str) -> str:
    return name if name.startswith("arn:") else f"{place}:{kind}/{name}"
