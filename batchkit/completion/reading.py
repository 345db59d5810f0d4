"""Reading events tolerantly: what is missing or of another kind counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object, or an empty one."""
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def items(data: Mapping[str, Any], name: str) -> list[Any]:
    """An array, or an empty one."""
    value = data.get(name)
    return value if isinstance(value, list) else []


def text(data: Mapping[str, Any], name: str) -> str:
    """A string, or the empty one."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def integer(data: Mapping[str, Any], name: str) -> int | None:
    """A whole number, or None."""
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def epoch_seconds(time: str) -> int:
    """An event's `time` (ISO 8601, UTC where it does not say) in epoch seconds; 0 for anything else."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
