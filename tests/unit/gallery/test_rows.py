from __future__ import annotations

from typing import Any

import pytest
from support.gallery import RUN, TIME, item, shown

from batchkit.gallery import rows
from batchkit.gallery.records import record
from batchkit.planning.records import Item
from batchkit.planning.states import Outcome


def row(*items: Item, size: int = 0, **runs: Any) -> dict[str, Any]:
    whole = record("b", "k.jpg", map(shown, items), runs, size=size, etag="e1")
    return dict(zip(rows.FIELDS, rows.row("id", whole, 3), strict=True))


def test_a_row_is_what_the_grid_shows() -> None:
    thumb = item("k.jpg", "thumb", width=200, height=150, colour="#aabbcc", blurhash="L00000fQ")
    large = item("k.jpg", "large", width=1600, height=1200, bytes=9000)
    assert row(thumb, large, size=50_000, **{"u-1": RUN}) == {
        "id": "id",
        "key": "k.jpg",
        "modified": TIME,
        "outcomes": 8,
        "job": "image-variants",
        "run": "u-1",
        "thumb": "k.jpg/thumb.webp",
        "width": 200,
        "height": 150,
        "outputs": 2,
        "bytes": 10_000,
        "source": 50_000,
        "colour": "#aabbcc",
        "blurhash": "L00000fQ",
        "rev": 3,
    }


def test_a_source_has_all_the_outcomes_of_its_items() -> None:
    bad = item("k.jpg", "large", outcome=Outcome.REJECTED, output="", bytes=0)
    assert row(item("k.jpg"), bad)["outcomes"] == rows.BITS["done"] | rows.BITS["rejected"]


def test_a_source_without_any_item_has_failed() -> None:
    assert row()["outcomes"] == rows.BITS["failed"]


@pytest.mark.parametrize(
    ("widths", "expected"),
    [({"a": 64, "b": 320, "c": 800}, "b"), ({"a": 64, "b": 100}, "b"), ({"a": 200}, "a")],
)
def test_the_thumbnail_is_the_smallest_that_is_sharp(widths: dict[str, int], expected: str) -> None:
    found = rows.thumbnail([shown(item("k", task, width=width)) for task, width in widths.items()])
    assert found is not None
    assert found["output"] == f"k/{expected}.webp"


def test_what_is_no_picture_is_no_thumbnail() -> None:
    text = shown(item("k", "facts", output="k/facts.json"))
    unsized = {**shown(item("k")), "facts": {"width": "wide"}}
    assert rows.thumbnail([text, unsized]) is None


def test_of_two_rows_the_later_record_counts_whatever_comes_first() -> None:
    old, new = ["id", "k"] + [0] * 12 + [1], ["id", "k"] + [0] * 12 + [2]
    assert rows.joined([new], [old]) == rows.joined([old], [new]) == [new]
