"""What the targets work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from batchkit.local.trace import Observer, ignore

if TYPE_CHECKING:
    from batchkit.local.backends import Backends


class BatchApi(Protocol):
    """Batch's data plane, as far as a target needs it (`LocalBatch`). Raises BatchFault."""

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answers a request in its wire shape."""


class AsyncInvoker(Protocol):
    """Lambda's queue of asynchronous invocations."""

    def invoke_later(self, function_name: str, event_text: str) -> None:
        """Takes an event for a function; what becomes of it is Lambda's business."""


@dataclass(frozen=True)
class Services:
    """Whoever takes events: moto's backends, local Batch, the functions' queue; and who watches."""

    backends: Backends
    batch: BatchApi
    functions: AsyncInvoker
    observe: Observer = ignore
