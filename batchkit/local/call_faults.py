"""Calls that fail on request: throttled ones, and 500s before or after the call took effect.

Each service refuses in its own words (code, HTTP status, wire format), so that SDKs do what they do on AWS.
A throttled call had no effect. One that failed with a 500 may have had: then only its answer is lost, and
whoever repeats it meets what it did itself. Calls of services that are not in REFUSALS are left alone, and
those that deploy, unless they are asked for.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from batchkit.local.operations import operation
from batchkit.local.server import Call, Reply
from batchkit.local.trace import Observer, Trace, ignore

Fate = Literal["throttled", "failed", "lost"]
Wire = Callable[["Error"], Reply]
Answer = Callable[[Call], Reply]


@dataclass(frozen=True)
class Aim:
    """The fate of one call: the `number`th, from 1, of an operation such as SubmitJob."""

    fate: Fate
    operation: str
    number: int


@dataclass(frozen=True)
class CallFaults:
    """`throttle` and `error` are shares of the calls, 0 to 1; the same seed makes the same choices.

    `deploying` has CloudFormation's calls fail, too. What is `aimed` happens whatever the dice say.
    """

    throttle: float = 0.0
    error: float = 0.0
    seed: int = 0
    deploying: bool = False
    aimed: tuple[Aim, ...] = ()


@dataclass(frozen=True)
class Error:
    """An error answer: HTTP status, code and text."""

    status: int
    code: str
    message: str = "on purpose: the local stack runs with --faults"


@dataclass(frozen=True)
class Refusals:
    """How a service says that it is called too often, and that it failed."""

    wire: Wire
    throttled: Error
    failed: Error


def xml(error: Error) -> Reply:
    """S3's errors."""
    body = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
    return Reply(error.status, (("Content-Type", "application/xml"),), body.encode())


def query(error: Error) -> Reply:
    """The errors of the older services, which answer in XML."""
    inner = f"<Code>{error.code}</Code><Message>{error.message}</Message>"
    body = f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>"
    return Reply(error.status, (("Content-Type", "text/xml"),), body.encode())


def ec2(error: Error) -> Reply:
    """EC2's own."""
    inner = f"<Code>{error.code}</Code><Message>{error.message}</Message>"
    body = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>0</RequestID></Response>"
    return Reply(error.status, (("Content-Type", "text/xml"),), body.encode())


def typed_json(error: Error) -> Reply:
    """Everybody else's."""
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    headers = (("Content-Type", "application/json"), ("x-amzn-errortype", error.code))
    return Reply(error.status, headers, body)


# By signing name. Codes and statuses: botocore's service models, S3 User Guide ("optimizing performance").
REFUSALS: Mapping[str, Refusals] = {
    "batch": Refusals(typed_json, Error(429, "TooManyRequestsException"), Error(500, "ServerException")),
    "dynamodb": Refusals(typed_json, Error(400, "ThrottlingException"), Error(500, "InternalServerError")),
    "events": Refusals(typed_json, Error(400, "ThrottlingException"), Error(500, "InternalException")),
    "lambda": Refusals(typed_json, Error(429, "TooManyRequestsException"), Error(500, "ServiceException")),
    "logs": Refusals(
        typed_json, Error(400, "ThrottlingException"), Error(503, "ServiceUnavailableException")
    ),
    "ec2": Refusals(ec2, Error(503, "RequestLimitExceeded"), Error(500, "InternalError")),
    "s3": Refusals(xml, Error(503, "SlowDown"), Error(500, "InternalError")),
    "sns": Refusals(query, Error(429, "Throttled"), Error(500, "InternalError")),
    "sts": Refusals(query, Error(400, "Throttling"), Error(500, "InternalFailure")),
}


# CloudFormation's common errors (CloudFormation API reference, "Common errors").
DEPLOYING = {
    "cloudformation": Refusals(
        query, Error(400, "Throttling", "Rate exceeded"), Error(500, "InternalFailure")
    )
}


def fate(faults: CallFaults, service: str, number: int) -> Fate | None:
    """What becomes of the `number`th call of `service`; None for one that is left alone."""
    # Nothing secret: repeatable faults.
    dice = random.Random(f"{faults.seed}/{service}/{number}")  # noqa: S311
    drawn = dice.random()
    if drawn < faults.throttle:
        return "throttled"
    if drawn < faults.throttle + faults.error:
        return "lost" if dice.random() < 0.5 else "failed"
    return None


class FaultyCalls:
    """Stands before `answer` and refuses calls as `faults` decide. Safe for threads."""

    def __init__(self, answer: Answer, faults: CallFaults, observe: Observer = ignore) -> None:
        self._answer = answer
        self._faults = faults
        self._refusals = {**REFUSALS, **(DEPLOYING if faults.deploying else {})}
        self._observe = observe
        self._numbers: Counter[str] = Counter()
        self._operations: Counter[str] = Counter()
        self._aimed = {(aim.operation, aim.number): aim.fate for aim in faults.aimed}
        self._lock = Lock()

    def aim(self, *aims: Aim) -> None:
        """From now on these calls have these fates, in place of those aimed at before; counted from now."""
        with self._lock:
            self._operations.clear()
            self._aimed = {(aim.operation, aim.number): aim.fate for aim in aims}

    @property
    def operations(self) -> Mapping[str, int]:
        """How often each operation was called since `aim`, of the services that can fail."""
        with self._lock:
            return dict(self._operations)

    def answer(self, call: Call) -> Reply:
        """The reply of whoever answers, or a refusal in its place."""
        refusals = self._refusals.get(call.service or "")
        met = self._next(call.service or "", operation(call)) if refusals else None
        if refusals is None or met is None:
            return self._answer(call)
        if met == "lost":
            self._answer(call)
        error = refusals.throttled if met == "throttled" else refusals.failed
        self._tell(call, met, error)
        return refusals.wire(error)

    def _next(self, service: str, operation: str) -> Fate | None:
        with self._lock:
            number = self._numbers[service]
            self._numbers[service] += 1
            self._operations[operation] += 1
            aimed = self._aimed.get((operation, self._operations[operation]))
        return aimed or fate(self._faults, service, number)

    def _tell(self, call: Call, met: Fate, error: Error) -> None:
        method = call.headers.get("X-Amz-Target") or f"{call.environ['REQUEST_METHOD']} {call.path}"
        data = {
            "service": call.service,
            "operation": operation(call),
            "call": method,
            "fate": met,
            "code": error.code,
        }
        self._observe(Trace("log", f"{call.service} {met} on purpose: {method}", data))
