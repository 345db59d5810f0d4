"""Can two sources have the same output? A template often proves that they cannot.

A template is read as head + core + tail: the core is its shortest part with all fields of the source in
it. Where the core does not depend on the task, and no two tasks' heads and tails can be confused, two
sources collide exactly if their cores are equal; and the core `{dir}/{name}` is the source's key itself.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from batchkit.errors import Rejected
from batchkit.planning.outputs import output_key, source_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batchkit.job import Task

_SOURCE_FIELD = re.compile(r"\{(dir|stem|name|suffix)\}")
_TASK_FIELD = re.compile(r"\{(task|ext)\}")

# `{dir}/{name}`, for every key, is the key.
_WHOLE_KEY = "{dir}/{name}"


def is_injective(template: str, tasks: Sequence[Task]) -> bool:
    """Whether no two keys of one bucket can ever have a common output."""
    head, core, tail = _parts(template)
    return core == _WHOLE_KEY and _tells_tasks_apart(head, tail, tasks)


def marker(template: str, tasks: Sequence[Task]) -> Callable[[str], tuple[str, ...]]:
    """A function from a source's key to marks: sources with a mark in common collide, others do not."""
    head, core, tail = _parts(template)
    if not _TASK_FIELD.search(core) and _tells_tasks_apart(head, tail, tasks):
        return _core_marker(core)
    pairs = tuple((task.name, task.extension) for task in tasks)
    return lambda key: _keys(template, key, pairs)


def _core_marker(core: str) -> Callable[[str], tuple[str, ...]]:
    """One mark a source: quicker than whole output keys, for there may be millions."""
    at_top = core.replace("{dir}/", "")
    return lambda key: ((core if "/" in key else at_top).format_map(source_fields(key)),)


def _keys(template: str, key: str, tasks: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The distinct keys; one that is too long is never written, so it collides with nothing."""
    found = []
    for name, extension in tasks:
        try:
            found.append(output_key(template, key, name, extension))
        except Rejected:
            continue
    return tuple(dict.fromkeys(found))


def _parts(template: str) -> tuple[str, str, str]:
    template = template.replace("{stem}{suffix}", "{name}")
    fields = list(_SOURCE_FIELD.finditer(template))
    if not fields:
        return template, "", ""
    first, stop = fields[0].start(), fields[-1].end()
    # The slash after an empty {dir} goes with it (`outputs.output_key`).
    if fields[-1][1] == "dir" and template[stop : stop + 1] == "/":
        stop += 1
    return template[:first], template[first:stop], template[stop:]


def _tells_tasks_apart(head: str, tail: str, tasks: Sequence[Task]) -> bool:
    """Whether outputs of two different tasks differ, whatever their cores."""
    ends = [(_fill(head, task), _fill(tail, task)) for task in tasks]
    return not any(
        (head1.startswith(head2) or head2.startswith(head1))
        and (tail1.endswith(tail2) or tail2.endswith(tail1))
        for (head1, tail1), (head2, tail2) in combinations(ends, 2)
    )


def _fill(text: str, task: Task) -> str:
    return text.replace("{task}", task.name).replace("{ext}", task.extension)
