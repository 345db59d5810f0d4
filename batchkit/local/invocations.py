"""Lambda's asynchronous invocations: queued, retried twice, then a dead letter of the function.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from batchkit.local.events.permissions import role_allows
from batchkit.local.events.queue import DelayQueue
from batchkit.local.functions import Function, load
from batchkit.local.lambda_runtime import FunctionError, LambdaRuntime
from batchkit.local.trace import Observer, Trace, ignore

if TYPE_CHECKING:
    from batchkit.local.backends import Backends

WORKERS = 2
# Lambda waits one minute before the first retry and two before the second.
WAITS_SECONDS = (60.0, 120.0)


class Invocations:
    """The queue of events for functions. `scale` shortens Lambda's waiting; `close` it."""

    def __init__(
        self, backends: Backends, runtime: LambdaRuntime, *, scale: float, observe: Observer = ignore
    ) -> None:
        self._backends = backends
        self._runtime = runtime
        self._scale = scale
        self._observe = observe
        self._queue = DelayQueue("lambda-events", WORKERS)

    def invoke_later(self, function_name: str, event_text: str) -> None:
        """Takes an event (JSON); it is tried in the background."""
        self._queue.put(partial(self._attempt, function_name, event_text, 0))

    def drain(self, timeout: float) -> bool:
        """Waits until no event is left; False after `timeout` seconds."""
        return self._queue.drain(timeout)

    @property
    def taken(self) -> int:
        """How many attempts there have ever been."""
        return self._queue.taken

    def stop(self) -> None:
        """Starts nothing more. What runs is not waited for: the runtime may have to end it first."""
        self._queue.stop()

    def close(self) -> None:
        """Stops, and waits for what runs."""
        self._queue.close()

    def _attempt(self, name: str, text: str, failed: int) -> None:
        function = load(self._backends, name)
        if function is None:
            self._tell(name, f"{name} is gone; its event is lost", text, lost="no function")
            return
        try:
            self._runtime.invoke(function, json.loads(text))
        except FunctionError as error:
            self._failed(function, text, failed, error)

    def _failed(self, function: Function, text: str, failed: int, error: FunctionError) -> None:
        if failed < function.retries:
            wait = WAITS_SECONDS[min(failed, len(WAITS_SECONDS) - 1)] * self._scale
            self._queue.put(partial(self._attempt, function.name, text, failed + 1), wait)
            return
        lost = self._bury(function, text, error)
        fate = "buried" if lost is None else f"lost, {lost}"
        self._tell(function.name, f"{function.name}: {error} ({fate})", text, lost=lost)

    def _bury(self, function: Function, text: str, error: FunctionError) -> str | None:
        """None when the event lies in the function's dead-letter queue, otherwise why it is lost."""
        if function.dead_letter_arn is None:
            return "the function has no dead-letter queue"
        if not role_allows(self._backends, function.role_arn, "sqs:SendMessage", function.dead_letter_arn):
            return f"{function.role_arn} does not allow sqs:SendMessage on {function.dead_letter_arn}"
        name = function.dead_letter_arn.rsplit(":", 1)[-1]
        with self._backends.locked("sqs"):
            if name not in self._backends.of("sqs").queues:
                return f"the dead-letter queue {name} does not exist"
            self._backends.of("sqs").send_message(name, text, message_attributes=_attributes(error))
        return None

    def _tell(self, name: str, text: str, event: str, *, lost: str | None) -> None:
        self._observe(Trace("dead-letter", text, {"target": name, "event": event, "lost": lost}))


def _attributes(error: FunctionError) -> dict[str, Any]:
    """As Lambda sets them on a dead letter: the HTTP code and the message, cut to 1 KB."""
    message = str(error)[:1024] or "-"
    return {
        "ERROR_CODE": {"DataType": "Number", "StringValue": "200"},
        "ERROR_MESSAGE": {"DataType": "String", "StringValue": message},
    }
