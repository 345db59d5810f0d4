"""The APIs that batchkit plays itself: Batch's data plane, EventBridge's PutEvents, Lambda's Invoke."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from batchkit.local.batch.faults import BatchFault
from batchkit.local.batch.service import LocalBatch
from batchkit.local.batch.validation import service_model
from batchkit.local.events import entries
from batchkit.local.events.matching import DEFAULT_BUS
from batchkit.local.functions import load
from batchkit.local.lambda_runtime import FunctionError, LambdaRuntime
from batchkit.local.server import Call, Reply

if TYPE_CHECKING:
    from batchkit.local.backends import Backends
    from batchkit.local.invocations import Invocations

JSON = ("Content-Type", "application/json")
AMZ_JSON = ("Content-Type", "application/x-amz-json-1.1")

Json = dict[str, Any]
Put = Callable[[Mapping[str, Any], str], None]


def error(status: int, code: str, message: str, *content_type: tuple[str, str]) -> Reply:
    """An error as botocore's JSON parsers read it."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return Reply(status, (*(content_type or (JSON,)), ("x-amzn-errortype", code)), body)


def unsigned(content_type: tuple[str, str]) -> Reply:
    """What AWS answers to a request without a signature, which no program sends by accident."""
    return error(403, "MissingAuthenticationTokenException", "Missing Authentication Token", content_type)


class BatchApi:
    """Jobs. Queues, environments and definitions are moto's."""

    def __init__(self, batch: LocalBatch) -> None:
        self._batch = batch
        model = service_model()
        self._operations = {
            model.operation_model(name).http["requestUri"]: name for name in LocalBatch.OPERATIONS
        }

    def answer(self, call: Call) -> Reply | None:
        operation = self._operations.get(call.path)
        if operation is None or call.service not in {"batch", None}:
            return None
        if call.service is None:
            return unsigned(JSON)
        try:
            answer = self._batch.handle(operation, _object(call.body))
        except BatchFault as fault:
            return error(fault.status, fault.code, fault.message)
        except ValueError as problem:
            return error(400, "ClientException", f"the request's body is not a JSON object: {problem}")
        return Reply(200, (JSON,), json.dumps(answer).encode())


class PutEventsApi:
    """EventBridge's PutEvents; rules, targets and buses are moto's."""

    def __init__(self, account: str, put: Put) -> None:
        self._account = account
        self._put = put

    def answer(self, call: Call) -> Reply | None:
        if call.headers.get("X-Amz-Target") != "AWSEvents.PutEvents":
            return None
        if call.scope is None:
            return unsigned(AMZ_JSON)
        region, _ = call.scope
        try:
            checked = entries.checked(_object(call.body).get("Entries"))
        except ValueError as problem:
            return error(400, "ValidationException", str(problem), AMZ_JSON)
        results = [self._entry(entry, region) for entry in checked]
        failed = sum("ErrorCode" in result for result in results)
        body = json.dumps({"FailedEntryCount": failed, "Entries": results}).encode()
        return Reply(200, (AMZ_JSON,), body)

    def _entry(self, entry: entries.Entry, region: str) -> Json:
        refusal = entries.refused(entry)
        if refusal is not None:
            code, message = refusal
            return {"ErrorCode": code, "ErrorMessage": message}
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": self._account,
            "time": entries.time_of(entry),
            "region": region,
            "resources": entry.get("Resources") or [],
            "detail": json.loads(entry["Detail"]),
        }
        # A bus may be named by its ARN, which ends in event-bus/<name>.
        self._put(event, (entry.get("EventBusName") or DEFAULT_BUS).rsplit("/", 1)[-1])
        return {"EventId": event["id"]}


class InvokeApi:
    """Lambda's Invoke, with the process that events use as well."""

    PATH = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")

    def __init__(self, backends: Backends, runtime: LambdaRuntime, invocations: Invocations) -> None:
        self._backends = backends
        self._runtime = runtime
        self._invocations = invocations

    def answer(self, call: Call) -> Reply | None:
        match = self.PATH.fullmatch(call.path)
        if match is None or call.service not in {"lambda", None}:
            return None
        return unsigned(JSON) if call.service is None else self._invoke(call, unquote(match["name"]))

    def _invoke(self, call: Call, name: str) -> Reply:
        function = load(self._backends, name)
        if function is None:
            return error(404, "ResourceNotFoundException", f"Function not found: {name}")
        try:
            event = json.loads(call.body or b"{}")
        except ValueError as problem:
            message = f"Could not parse request body into json: {problem}"
            return error(400, "InvalidRequestContentException", message)
        if call.headers.get("X-Amz-Invocation-Type") == "Event":
            self._invocations.invoke_later(function.name, json.dumps(event))
            return Reply(202)
        try:
            result = self._runtime.invoke(function, event)
        except FunctionError as failure:
            headers = (JSON, ("X-Amz-Function-Error", "Unhandled"))
            return Reply(200, headers, json.dumps(failure.report).encode())
        return Reply(200, (JSON,), json.dumps(result).encode())


def _object(body: bytes) -> Json:
    parsed = json.loads(body or b"{}")
    if not isinstance(parsed, dict):
        raise ValueError(f"a {type(parsed).__name__}")
    return parsed
