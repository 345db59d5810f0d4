"""How many requests something takes."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients


@contextmanager
def counted(clients: Clients) -> Iterator[Counter[str]]:
    """The calls of S3 and of DynamoDB, by operation."""
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = [client.meta.events for client in (clients.s3, clients.dynamodb)]
    for each in events:
        each.register("before-call.*.*", count)
    try:
        yield calls
    finally:
        for each in events:
            each.unregister("before-call.*.*", count)
