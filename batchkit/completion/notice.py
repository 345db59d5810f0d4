"""What batchkit announces: the details of its events, and lines that a person reads.

EventBridge puts the lines into a message without escaping them, so they hold no quote, no backslash
and no control character. Everything else in a detail is as it is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from batchkit.aws.bus import Announcement
from batchkit.planning import names

if TYPE_CHECKING:
    from batchkit.planning.records import ErrorGroup, Item, RunEnd

FORMAT = 1
RUN_FINISHED = "Run Finished"
ITEM_REJECTED = "Item Rejected"

MAX_LINE = 1000
UNITS = ("bytes", "kB", "MB", "GB", "TB")

_SPOKEN = {'"': "'", "\\": "/"}


def run_finished(project: str, end: RunEnd, artifacts: str = "") -> Announcement:
    """The event that tells the end of a run; a bulk one gets a page in the bucket `artifacts`."""
    facts = {**asdict(end), "errors": [asdict(group) for group in end.errors]}
    lines = {
        "headline": f"{project}: run {end.run} {end.state.value}{_cancelled(end)}{_of(end.source)}",
        "items": _items(end),
        "outputs": f"{end.counts.done} outputs written, {size(end.counts.bytes)}",
        "errors": f"Errors: {'; '.join(map(_error, end.errors)) or 'none'}",
        "more": _more(end, artifacts),
    }
    return _announcement(RUN_FINISHED, project, facts, lines)


def item_rejected(project: str, item: Item) -> Announcement:
    """The event that tells of a source that was refused before any job saw it."""
    facts = {
        "run": item.run,
        "bucket": item.bucket,
        "key": item.key,
        "etag": item.etag,
        "task": item.task,
        "error_class": item.error_class,
        "message": item.message,
    }
    lines = {
        "headline": f"{project}: rejected s3://{item.bucket}/{item.key}",
        "reason": f"{item.error_class}: {item.message}",
        "more": f"More: batchkit status {item.run}",
    }
    return _announcement(ITEM_REJECTED, project, facts, lines)


def _more(end: RunEnd, artifacts: str) -> str:
    if end.lane == "upload" or not artifacts:
        return f"More: batchkit status {end.run}"
    page = f"s3://{artifacts}/{names.report_key(end.run, 'html')}"
    return f"More: batchkit report {end.run} --open (in some minutes also {page})"


def safe(text: str) -> str:
    """The text in one line that can stand inside a JSON string as it is."""
    spoken = (_SPOKEN.get(c, " " if unicodedata.category(c) in _UNPRINTABLE else c) for c in text)
    line = " ".join("".join(spoken).split())
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"


def size(count: int) -> str:
    """Bytes for people: `1.2 MB`."""
    value, unit = float(count), 0
    while value >= 999.95 and unit + 1 < len(UNITS):
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if unit else f"{count} {UNITS[0]}"


# Control, surrogate and unassigned characters, and the separators of lines and paragraphs.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})


def _announcement(kind: str, project: str, facts: dict[str, Any], lines: dict[str, str]) -> Announcement:
    notice = {name: safe(line) for name, line in lines.items()}
    return Announcement(kind, {"format": FORMAT, "project": project, **facts, "notice": notice})


def _items(end: RunEnd) -> str:
    counts = end.counts
    return (
        f"{_number(end.sources, 'source')}, {_number(counts.items, 'item')}: {counts.done} done, "
        f"{counts.fresh} already up to date, {counts.rejected} rejected, {counts.failed} failed"
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _error(group: ErrorGroup) -> str:
    example = f"{group.key}: {group.message}" if group.key else group.message
    return f"{group.count} x {group.error_class}, such as {example}"


def _cancelled(end: RunEnd) -> str:
    reason = f": {end.cancel_reason}" if end.cancel_reason else ""
    return f" (cancelled{reason})" if end.cancelled else ""


def _of(source: str) -> str:
    return f", {source}" if source else ""
