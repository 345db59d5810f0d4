"""What the end of a job means in numbers: runs by state, and operations that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchkit.planning import metrics

if TYPE_CHECKING:
    from batchkit.completion.changes import Change
    from batchkit.planning.records import RunEnd


def line(project: str, change: Change, end: RunEnd | None, milliseconds: int) -> dict[str, Any]:
    """The members of a log line that count the end of a run, or of an operation that failed; else none."""
    place = {"Project": project}
    if end is not None:
        name = f"Runs{end.state.value.capitalize()}"
        facts = {"lane": end.lane, "state": end.state.value}
        return {**facts, **metrics.line(metrics.RUN, place, {name: 1}, milliseconds)}
    # Of the project's jobs only operations have an order, and no recipe (runs.operations.ARGUMENTS).
    if change.failed and "order" in change.parameters and "recipe" not in change.parameters:
        return metrics.line(metrics.OPERATION, place, {"OperationsFailed": 1}, milliseconds)
    return {}
