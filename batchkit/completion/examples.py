"""Examples of errors that nobody could report: where the dead child was to begin.

A child is named `A:I`, as `batchkit logs --child` takes it: number of the array, index in it.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from batchkit.completion.reading import integer, items, text
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.aws.objects import Objects

# The manifest's index holds the offset of each source's line (planning/manifest.py); this is the Lambda
# function's code, which has no msgspec.
_OFFSETS = struct.Struct("<QQ")


def child_name(plan: Mapping[str, Any], child: int) -> str:
    """The child that is number `child` of its run; "" where no array of the plan has it."""
    for number, array in enumerate(items(plan, "arrays")):
        if 0 <= child - array["first"] < array["size"]:
            return f"{number}:{child - array['first']}"
    return ""


def first_key(objects: Objects, artifacts: str, run: str, plan: Mapping[str, Any], child: int) -> str:
    """The key of a child's first source; "" where the run has no manifest (any more)."""
    tasks, per_child = len(items(plan, "tasks")), integer(plan, "per_child")
    if child < 0 or not tasks or per_child is None:
        return ""
    first = child * per_child // tasks * (_OFFSETS.size // 2)
    index = objects.get_range(artifacts, names.index_key(run), first, first + _OFFSETS.size)
    if index is None or len(index.body) != _OFFSETS.size:
        return ""
    line = objects.get_range(artifacts, names.manifest_key(run), *_OFFSETS.unpack(index.body))
    return text(json.loads(line.body), "key") if line and line.body else ""
