from __future__ import annotations

from typing import Any

import pytest

from batchkit.local.events.paths import MISSING, look_up

EVENT = {
    "detail-type": "x",
    "a_b": {"c/d": 1, "0": "zero"},
    "list": [{"k": 1}, {"k": 2}, {}],
    "null": None,
    "empty": {},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", EVENT),
        ("$.detail-type", "x"),
        ("$.a_b.c/d", 1),
        ("$.a_b.0", "zero"),
        ("$.list[1].k", 2),
        ("$.list[*].k", [1, 2]),
        ("$.a_b.*", [1, "zero"]),
        ("$.null", None),
        ("$.empty", {}),
    ],
)
def test_a_path_leads_to_a_value(path: str, value: Any) -> None:
    assert look_up(EVENT, path) == value


@pytest.mark.parametrize(
    "path",
    [
        "",
        "detail",
        "$.gone",
        "$.list[3]",
        "$.list.k",
        "$.null.x",
        "$['detail-type']",
        "$..k",
        "$.list[-1]",
        "$.",
    ],
)
def test_a_path_leads_nowhere(path: str) -> None:
    assert look_up(EVENT, path) is MISSING
