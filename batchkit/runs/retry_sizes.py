"""What the children of a retry get: shards and memory by the run that had the last word on their items.

What ran out of memory gets twice as much; that, and what ran out of time, comes in shards half as large.
Everything else is as it was: the size of the shards, and of the children. As it was, that is, in the run that
had the last word on an item: of a run that was retried before, one of its retries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from batchkit.planning.diagnoses import FailureClass
from batchkit.planning.resources import fitting, larger
from batchkit.planning.sizing import smaller
from batchkit.planning.source_spec import KeyFile
from batchkit.project.sizes import Memory
from batchkit.runs.requests import Request
from batchkit.runs.retry import name
from batchkit.runs.retry_items import OOM

if TYPE_CHECKING:
    from batchkit.planning.backfill import Plan
    from batchkit.project import Project
    from batchkit.runs.retry_items import Selected

# A child had more to do than it could.
TOO_LARGE = frozenset({OOM, FailureClass.TIMEOUT.value})


def request(selected: Selected, plans: Mapping[str, Plan], only: Iterable[str], tasks: int) -> Request:
    """What is asked of the bulk lane; `plans` are those of the run that is retried and of its retries.

    The children are at most as large as theirs were, counted in sources, for a recipe of `tasks`; where some
    were too large, they are half as large.
    """
    asked = Request(
        source=name(selected.run, only),
        spec=KeyFile(str(selected.keys)),
        keys=selected.keys,
        part=OOM if selected.needs_memory else "",
        most_per_child=_most_per_child(selected, plans, tasks),
    )
    first = plans.get(selected.run)
    return replace(asked, model=first.model, max_bad=first.max_bad) if first else asked


def provided(project: Project, plans: Mapping[str, Plan], selected: Selected) -> Project:
    """The project, with children no smaller than those that its items were lost in; with larger ones than
    those that were too small for them."""
    compute = project.compute
    own = (compute.vcpus, int(compute.memory))
    vcpus, memory = own
    for run, kind in selected.bad:
        had = (plans[run].vcpus, plans[run].memory) if run in plans else own
        needed = larger(compute.type, *had) if kind == OOM else had
        vcpus, memory = max(vcpus, needed[0]), max(memory, needed[1])
    vcpus, memory = fitting(compute.type, vcpus, memory)
    return replace(project, compute=msgspec.structs.replace(compute, vcpus=vcpus, memory=Memory(memory)))


def _most_per_child(selected: Selected, plans: Mapping[str, Plan], tasks: int) -> int | None:
    """Items that a child may do at most; None where no plan says anything of it."""
    known = [(plans[run], kind) for run, kind in selected.bad if run in plans]
    halves = [smaller(_per_child(plan, tasks), tasks) for plan, kind in known if kind in TOO_LARGE]
    # Where there was only one child, there was no more to do: that is no bound.
    same = [_per_child(plan, tasks) for plan, kind in known if kind not in TOO_LARGE and plan.children > 1]
    return min((*halves, *same), default=None)


def _per_child(plan: Plan, tasks: int) -> int:
    """What a child of the plan did at most, for a recipe of `tasks`."""
    before = len(plan.tasks)
    most = min(plan.per_child, plan.sources * before)
    return most // before * tasks if most >= before else min(most, tasks)
