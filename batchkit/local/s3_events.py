"""What S3 tells EventBridge: "Object Created" and "Object Deleted", as AWS sends them.

Shape: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from batchkit.local.server import Call, Reply

Emit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class S3Change:
    """One key of one bucket was written or deleted. `key` is raw, `etag` has no quotes."""

    bucket: str
    region: str
    detail_type: str
    reason: str
    facts: Mapping[str, Any]
    deletion_type: str | None = None


# What the S3 request of this thread has changed so far; None outside a request.
_changes: ContextVar[list[S3Change] | None] = ContextVar("s3_changes", default=None)


def record(change: S3Change) -> None:
    """Notes a change for the request that is being served; moto's S3 backend calls this."""
    changes = _changes.get()
    if changes is not None:
        changes.append(change)


class S3Events:
    """Turns the changes of each successful S3 request into events, in the order of the writes."""

    def __init__(self, account: str, emit: Emit) -> None:
        self._account = account
        self._emit = emit
        # Growing for all keys of the stack; AWS promises it per key only.
        self._sequence = itertools.count(time.time_ns())

    def around(self, call: Call, serve: Callable[[Call], Reply]) -> Reply:
        """Serves an S3 request and emits what it changed, unless it failed; hold the S3 lock."""
        changes: list[S3Change] = []
        token = _changes.set(changes)
        try:
            reply = serve(call)
        finally:
            _changes.reset(token)
        request_id = uuid.uuid4().hex[:16].upper()
        if reply.status < 400:
            for change in changes:
                self._emit(self.event(change, request_id, call.source_ip))
        return Reply(reply.status, (*reply.headers, ("x-amz-request-id", request_id)), reply.body)

    def event(self, change: S3Change, request_id: str, source_ip: str) -> dict[str, Any]:
        detail = {
            "version": "0",
            "event-version": "1.1",
            "bucket": {"name": change.bucket},
            "object": {**change.facts, "sequencer": f"{next(self._sequence):018X}"},
            "request-id": request_id,
            "requester": self._account,
            "source-ip-address": source_ip,
            "reason": change.reason,
        }
        if change.deletion_type is not None:
            detail["deletion-type"] = change.deletion_type
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": change.detail_type,
            "source": "aws.s3",
            "account": self._account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": change.region,
            "resources": [f"arn:aws:s3:::{change.bucket}"],
            "detail": detail,
        }
