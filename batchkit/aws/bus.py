"""EventBridge's default bus: events out, entry by entry until all are taken; its rules with wildcards."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.aws.errors import THROTTLING, translated
from batchkit.errors import InternalError, Throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mypy_boto3_events import EventBridgeClient

# EventBridge API reference, PutEvents: "maximum number of 10 items".
MAX_ENTRIES = 10

# The waits between them add up to 3 s: a handler has a minute, and is retried as a whole.
ATTEMPTS = 5
FIRST_WAIT = 0.2

# The codes that PutEvents gives an entry which may be sent again, besides throttling.
PASSING = THROTTLING | {"InternalException", "InternalFailure", "ServiceUnavailable"}


@dataclass(frozen=True)
class Announcement:
    """An event of batchkit's own: its detail type, and what it says (JSON-able)."""

    detail_type: str
    detail: Mapping[str, Any]


def wildcard_rules(client: EventBridgeClient) -> set[str]:
    """The names of the rules on the default bus whose patterns have wildcards in them."""
    pages = client.get_paginator("list_rules").paginate()
    with translated("listing the rules of the bus"):
        rules = [rule for page in pages for rule in page["Rules"]]
    return {rule["Name"] for rule in rules if '"wildcard"' in rule.get("EventPattern", "")}


class Bus:
    """Puts events of one project, whose source is `batchkit.<project>`."""

    def __init__(
        self, client: EventBridgeClient, project: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._source = f"batchkit.{project}"
        self._sleep = sleep

    def put(self, announcements: Iterable[Announcement]) -> None:
        """Put all; PutEvents answers 200 even when it took none, so each entry is looked at.

        Raises Throttled when some are not taken after several attempts, InternalError when one is
        refused as wrong.
        """
        entries = [self._entry(one) for one in announcements]
        for first in range(0, len(entries), MAX_ENTRIES):
            self._put_some(entries[first : first + MAX_ENTRIES])

    def _put_some(self, entries: list[Any]) -> None:
        for attempt in range(ATTEMPTS):
            with translated("putting events onto the bus"):
                answer = self._client.put_events(Entries=entries)
            refused = [
                (entry, result)
                for entry, result in zip(entries, answer["Entries"], strict=True)
                if "ErrorCode" in result
            ]
            if not refused:
                return
            _check(refused)
            entries = [entry for entry, _ in refused]
            if attempt + 1 < ATTEMPTS:
                self._sleep(FIRST_WAIT * 2**attempt)
        raise Throttled(
            "EventBridge did not take all events",
            found=f"{len(entries)} left after {ATTEMPTS} attempts",
            fix="try again later",
        )

    def _entry(self, announcement: Announcement) -> dict[str, Any]:
        return {
            "Source": self._source,
            "DetailType": announcement.detail_type,
            "Detail": json.dumps(announcement.detail, ensure_ascii=False),
        }


def _check(refused: list[tuple[Any, Any]]) -> None:
    for entry, result in refused:
        if result["ErrorCode"] not in PASSING:
            raise InternalError(
                f"EventBridge refused an event '{entry['DetailType']}'",
                found=f"{result['ErrorCode']}: {result.get('ErrorMessage', '')}",
            )
