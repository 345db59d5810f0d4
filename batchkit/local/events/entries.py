"""The entries of PutEvents: which requests fail as a whole, which entries fail alone, and their events.

Limits: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MAX_ENTRIES = 10
# Raised from 256 KB in 2026.
MAX_BYTES = 1024 * 1024

TEXTS = ("Source", "DetailType", "Detail", "EventBusName", "TraceHeader")

Entry = Mapping[str, Any]


def checked(entries: Any) -> list[Entry]:
    """The entries of a request, of the types that the API has. Raises ValueError: AWS takes none of them."""
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_ENTRIES:
        raise ValueError(
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: "
            f"Member must be a list with length between 1 and {MAX_ENTRIES}"
        )
    for number, entry in enumerate(entries, 1):
        wrong = _wrong_member(entry)
        if wrong is not None:
            raise ValueError(f"1 validation error detected: Value at 'entries.{number}.member' {wrong}")
    if sum(size(entry) for entry in entries) > MAX_BYTES:
        raise ValueError("Total size of the entries in the request is over the limit.")
    return entries


def size(entry: Entry) -> int:
    """The bytes that PutEvents counts: UTF-8 of source, type, detail and resources, 14 for a time."""
    texts = [
        entry.get("Source"),
        entry.get("DetailType"),
        entry.get("Detail"),
        *(entry.get("Resources") or []),
    ]
    # JSON may bring lone surrogates, which are no UTF-8.
    bytes_of_texts = sum(len((text or "").encode(errors="replace")) for text in texts)
    return bytes_of_texts + (14 if entry.get("Time") is not None else 0)


def refused(entry: Entry) -> tuple[str, str] | None:
    """Why EventBridge refuses one entry, as (code, message)."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            text = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return "InvalidArgument", text
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        detail = json.loads(entry["Detail"])
    except (ValueError, RecursionError):
        detail = None
    return None if isinstance(detail, dict) else ("MalformedDetail", "Detail is malformed.")


def time_of(entry: Entry) -> str:
    """An entry's time (epoch seconds on the wire, by default now) as events carry it."""
    given = entry.get("Time")
    moment = datetime.now(UTC) if given is None else datetime.fromtimestamp(given, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _wrong_member(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return "must be a structure"
    for name in TEXTS:
        if not isinstance(entry.get(name), str | None):
            return f"has a {name} that is not a string"
    resources = entry.get("Resources") or []
    if not isinstance(resources, list) or not all(isinstance(each, str) for each in resources):
        return "has Resources that are not a list of strings"
    return None if _is_time(entry.get("Time")) else "has a Time that is not a number of seconds"


def _is_time(given: Any) -> bool:
    if given is None:
        return True
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    try:
        datetime.fromtimestamp(given, UTC)
    except (ValueError, OverflowError, OSError):  # not a number, or not a year that there is
        return False
    return True
