from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cloud import ROOT

from batchkit.completion import notice
from batchkit.planning import names
from batchkit.planning.records import ErrorGroup, Item, RunEnd
from batchkit.planning.states import Counts, Outcome, RunState

SCHEMAS = ROOT / "eventbridge" / "events" / "schemas"
VALIDATORS = {
    name: jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))
    for name in ("run-finished", "item-rejected")
}


def end(**changes: object) -> RunEnd:
    facts = {
        "run": "u-1",
        "lane": "upload",
        "state": RunState.PARTIAL,
        "counts": Counts(done=5, rejected=1, bytes=1_234_567),
        "sources": 1,
        "recipe": "a" * 64,
        "job": "j",
        "errors": (ErrorGroup("Truncated", 1, "uploads/a.jpg", "the file ends early"),),
        "source": "s3://photos-originals/uploads/a.jpg",
        "started": 1,
        "stopped": 2,
    }
    return RunEnd(**{**facts, **changes})  # type: ignore[arg-type]


def item(key: str, message: str = "no") -> Item:
    return Item(
        "b", key, names.ALL_TASKS, Outcome.REJECTED, "u-1", "o", 1, "e", error_class="TooBig", message=message
    )


def test_the_end_of_a_run_reads_well() -> None:
    lines = notice.run_finished("photos", end()).detail["notice"]
    assert list(lines.values()) == [
        "photos: run u-1 PARTIAL, s3://photos-originals/uploads/a.jpg",
        "1 source, 6 items: 5 done, 0 already up to date, 1 rejected, 0 failed",
        "5 outputs written, 1.2 MB",
        "Errors: 1 x Truncated, such as uploads/a.jpg: the file ends early",
        "More: batchkit status u-1",
    ]


def test_a_run_without_errors_says_so() -> None:
    lines = notice.run_finished("photos", end(errors=(), state=RunState.SUCCEEDED)).detail["notice"]
    assert lines["errors"] == "Errors: none"


def test_a_refused_upload_reads_well() -> None:
    lines = notice.item_rejected("photos", item('uploads/"x".txt', "too big")).detail["notice"]
    assert list(lines.values()) == [
        "photos: rejected s3://b/uploads/'x'.txt",
        "TooBig: too big",
        "More: batchkit status u-1",
    ]


@given(st.text())
def test_a_line_can_stand_inside_a_json_string_as_it_is(text: str) -> None:
    line = notice.safe(text)
    assert json.loads(f'"{line}"') == line
    assert len(line) <= notice.MAX_LINE
    assert line.encode().decode() == line


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"), min_size=1))
def test_details_follow_their_schemas_whatever_a_key_looks_like(key: str, message: str) -> None:
    group = ErrorGroup("Truncated", 1, key, message)
    for name, announcement in (
        ("run-finished", notice.run_finished("photos", end(source=f"s3://b/{key}", errors=(group,)))),
        ("item-rejected", notice.item_rejected("photos", item(key, message))),
    ):
        event = {"source": "batchkit.photos", "detail-type": announcement.detail_type}
        detail = json.loads(json.dumps(announcement.detail))
        VALIDATORS[name].validate({**event, "detail": detail})


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_sizes_are_short(count: int, text: str) -> None:
    assert notice.size(count) == text
