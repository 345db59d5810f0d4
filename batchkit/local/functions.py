"""The Lambda functions that were deployed into moto, as something to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import UnknownFunctionException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.local.backends import Backends

# Lambda retries a failed asynchronous invocation twice, after one minute and after two.
DEFAULT_RETRIES = 2


@dataclass(frozen=True)
class Function:
    """A deployed function. `version` changes with its code or its configuration; `timeout` is in seconds."""

    name: str
    arn: str
    handler: str
    timeout: float
    memory: int
    environment: Mapping[str, str]
    code: bytes
    version: str
    role_arn: str
    retries: int
    dead_letter_arn: str | None


def find(backends: Backends, name_or_arn: str) -> Any | None:
    """moto's object of a function, None if there is none; hold the lock of "lambda"."""
    try:
        return backends.of("lambda").get_function(name_or_arn)
    except UnknownFunctionException:
        return None


def load(backends: Backends, name_or_arn: str) -> Function | None:
    """The function as it is deployed now, None if there is none."""
    with backends.locked("lambda"):
        found = find(backends, name_or_arn)
        return None if found is None else _function(found)


def _function(found: Any) -> Function:
    environment = {name: str(value) for name, value in (found.environment_vars or {}).items()}
    asynchronous = getattr(found, "asynchronous", {})
    on_failure = asynchronous.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return Function(
        name=found.function_name,
        arn=found.function_arn,
        handler=str(found.handler),
        timeout=float(found.timeout),
        memory=int(found.memory_size),
        environment=environment,
        code=found.code_bytes,
        version=f"{found.code_sha_256}/{found.handler}/{sorted(environment.items())}",
        role_arn=str(found.role),
        retries=int(asynchronous.get("MaximumRetryAttempts", DEFAULT_RETRIES)),
        dead_letter_arn=on_failure or getattr(found, "dead_letter_arn", None),
    )
