"""Runs by state and failed operations, counted once each."""

from __future__ import annotations

from typing import Any

import pytest
from support.embedded import check_embedded

from batchkit.completion import counting
from batchkit.completion.changes import Change
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState

OPERATION = {"order": '{"do": "sweep"}', "time": "2026-11-24T03:00:00Z"}


def change(status: str = "FAILED", **parameters: str) -> Change:
    return Change(job="j", status=status, parameters=parameters)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (RunState.SUCCEEDED, "RunsSucceeded"),
        (RunState.PARTIAL, "RunsPartial"),
        (RunState.FAILED, "RunsFailed"),
    ],
)
def test_the_end_of_a_run_counts_by_its_state(state: RunState, name: str) -> None:
    end = RunEnd("r", "bulk", state, Counts(done=1), 1, "d" * 64, "j")
    line = counting.line("photos", change(), end, 5)
    assert check_embedded(line) == {(name, ("photos",)): 1}
    assert (line["lane"], line["state"]) == ("bulk", state.value)


def test_an_operation_counts_when_it_failed() -> None:
    assert check_embedded(counting.line("photos", change(**OPERATION), None, 5)) == {
        ("OperationsFailed", ("photos",)): 1
    }


@pytest.mark.parametrize(
    "other",
    [
        change("SUCCEEDED", **OPERATION),
        change(),
        # Whoever names an object writes into its job's parameters.
        change(**OPERATION, recipe="f" * 64, key="x"),
    ],
)
def test_nothing_else_counts(other: Change) -> None:
    line: dict[str, Any] = counting.line("photos", other, None, 5)
    assert line == {}
