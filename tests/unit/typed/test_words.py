"""Tests of batchkit.typed.words."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from msgspec import Meta, inspect

from batchkit.typed import joined, nearest, shown
from batchkit.typed.words import describe


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (int, "an integer"),
        (Annotated[int, Meta(gt=1, le=5)], "an integer greater than 1 and at most 5"),
        (Annotated[float, Meta(ge=0.5)], "a number at least 0.5"),
        (Annotated[str, Meta(min_length=2, max_length=2)], "text of 2 characters"),
        (Annotated[str, Meta(min_length=2)], "text of at least 2 characters"),
        (bool, "true or false"),
        (int | str | None, "an integer or text"),
        (dict[str, int], "a table"),
        (tuple[int, ...], "a list, each an integer"),
        (Any, "any"),
    ],
)
def test_a_type_is_described_in_words(kind: Any, words: str) -> None:
    assert describe(inspect.type_info(kind)) == words


def test_nearest_has_no_advice_where_nothing_is_near() -> None:
    assert nearest("sharpn", ["sharpen", "blur"]) == "did you mean 'sharpen'?"
    assert nearest("x", []) is None


def test_a_path_is_written_as_people_write_it() -> None:
    assert joined(("variants", 0, "filters", 2, "type")) == "variants[0].filters[2].type"


def test_a_long_value_is_cut() -> None:
    assert shown("x" * 1000) == '"' + "x" * 98 + "…"
    assert shown({1, 2}) == "{1, 2}"
