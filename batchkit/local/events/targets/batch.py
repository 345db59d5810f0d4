"""A Batch job queue: each event is a SubmitJob.

The text is a JSON object whose members are capitalised (`Parameters`, `ContainerOverrides`); anything else
in it is ignored, so that an untransformed event submits a job with the definition's defaults.
Source: https://docs.aws.amazon.com/batch/latest/userguide/batch-cwe-target.html
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from batchkit.local.batch.faults import BatchFault
from batchkit.local.batch.validation import service_model
from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.permissions import require_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.local.events.targets.services import Services

Json = dict[str, Any]


def deliver(services: Services, delivery: Delivery, text: str) -> None:
    request = submit_request(delivery.target, text)
    _require_permission(services, delivery, request["jobDefinition"])
    try:
        services.batch.handle("SubmitJob", request)
    except BatchFault as fault:
        raise delivery_fault(fault) from fault


def submit_request(target: Mapping[str, Any], text: str) -> Json:
    """SubmitJob's parameters, as on the wire. Raises DeliveryFault INVALID_JSON or INVALID_PARAMETER."""
    parameters = target.get("BatchParameters")
    if not parameters:
        raise DeliveryFault("INVALID_PARAMETER", "a job queue is a target, but it has no BatchParameters")
    request: Json = {
        "jobName": parameters["JobName"],
        "jobQueue": target["Arn"],
        "jobDefinition": parameters["JobDefinition"],
    }
    if parameters.get("ArrayProperties"):
        request["arrayProperties"] = {"size": int(parameters["ArrayProperties"]["Size"])}
    if parameters.get("RetryStrategy"):
        request["retryStrategy"] = {"attempts": int(parameters["RetryStrategy"]["Attempts"])}
    return request | _overrides(text)


def _overrides(text: str) -> Json:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise DeliveryFault(
            "INVALID_JSON", f"the input of a Batch target is a JSON object: {text}"
        ) from error
    if not isinstance(given, dict):
        raise DeliveryFault("INVALID_JSON", f"the input of a Batch target is a JSON object, not {text}")
    request: Json = {}
    if "Parameters" in given:
        request["parameters"] = _strings(given["Parameters"])
    if "ContainerOverrides" in given:
        request["containerOverrides"] = lower(given["ContainerOverrides"], _overrides_shape())
    return request


def _strings(parameters: Any) -> dict[str, str]:
    if not isinstance(parameters, dict) or not all(isinstance(each, str) for each in parameters.values()):
        raise DeliveryFault("INVALID_PARAMETER", f"Parameters must map names to strings: {parameters!r}")
    return parameters


def lower(value: Any, shape: Any) -> Any:
    """`value` with the capitalised members of `shape` as the API spells them; other members are dropped."""
    if shape.type_name == "structure" and isinstance(value, dict):
        pairs = ((name, name[0].upper() + name[1:]) for name in shape.members)
        return {name: lower(value[big], shape.members[name]) for name, big in pairs if big in value}
    if shape.type_name == "list" and isinstance(value, list):
        return [lower(each, shape.member) for each in value]
    return value


@cache
def _overrides_shape() -> Any:
    return service_model().shape_for("ContainerOverrides")


def _require_permission(services: Services, delivery: Delivery, definition: str) -> None:
    """EventBridge submits with the target's role, which must allow both the queue and the definition."""
    queue = str(delivery.target["Arn"])
    place = queue.rsplit(":", 1)[0]
    arn = definition if definition.startswith("arn:") else f"{place}:job-definition/{definition}"
    require_role(services.backends, delivery, "batch:SubmitJob", [queue, arn])


def delivery_fault(fault: BatchFault) -> DeliveryFault:
    """EventBridge retries 429 and 5xx; every other answer is final."""
    if fault.code == "TooManyRequestsException" or fault.status == 429:
        return DeliveryFault("THROTTLING", fault.message, retry=True)
    if fault.status >= 500:
        return DeliveryFault("ERROR_FROM_TARGET", fault.message, retry=True)
    return DeliveryFault("INVALID_PARAMETER", f"{fault.code}: {fault.message}")
