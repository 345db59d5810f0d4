"""JSON paths as far as EventBridge understands them: `$.detail.object.key`, `$.resources[0]`, `$.a[*].b`.

Names may hold dashes, underscores and slashes; there is no bracket notation for names and no filter.
"""

from __future__ import annotations

import re
from typing import Any

STEP = re.compile(r"\.(?P<name>[A-Za-z0-9_/-]+|\*)|\[(?P<index>\d+|\*)\]")


class Missing:
    """The value of a path that leads nowhere."""


MISSING = Missing()


def look_up(event: Any, path: str) -> Any:
    """The value at `path`, MISSING if there is none; with a wildcard, the list of all values."""
    if path == "$":
        return event
    if not path.startswith("$"):
        return MISSING
    steps = list(STEP.finditer(path))
    if "".join(step.group() for step in steps) != path[1:]:
        return MISSING
    return _follow(event, [step.group("name") or int_or_star(step.group("index")) for step in steps])


def int_or_star(text: str) -> str | int:
    return text if text == "*" else int(text)


def _follow(value: Any, steps: list[str | int]) -> Any:
    for position, step in enumerate(steps):
        if step == "*":
            found = (_follow(each, steps[position + 1 :]) for each in _children(value))
            return [each for each in found if each is not MISSING]
        value = _step(value, step)
        if value is MISSING:
            return MISSING
    return value


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step, MISSING)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return MISSING


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
