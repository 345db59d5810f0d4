from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.completion import submissions
from batchkit.planning.uploads import UploadRules
from batchkit.worker import assignment

UPLOAD = {
    "recipe": "a" * 64,
    "bucket": "photos-originals",
    "key": "uploads/a b+%25.jpg",
    "etag": "0011",
    "size": "12",
    "sequencer": "0065A1",
    "time": "2026-11-20T08:15:30Z",
}
BULK = {
    "run": "b-1",
    "recipe": "a" * 64,
    "sources": "9",
    "per_child": "3",
    "first_child": "4",
    "time": "1795162500",
}

RULES = {"BATCHKIT_UPLOADS": UploadRules("photos-originals", "", (".jpg",), 9).to_json()}
PRINTABLE = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
KEYS = st.text(st.characters(codec="utf-8", exclude_characters='"\\'), max_size=20)


@given(key=KEYS, etag=PRINTABLE, sequencer=st.text("0123456789ABCDEF", max_size=20))
def test_an_upload_is_the_same_run_for_the_handler_as_for_the_worker(
    key: str, etag: str, sequencer: str
) -> None:
    parameters = {**UPLOAD, "key": f"{key}.jpg", "etag": etag, "sequencer": sequencer}
    found = submissions.parse(parameters)
    command = ["upload", *(parameters[name] for name in assignment.UPLOAD)]
    worker = assignment.read_assignment(command, RULES)
    assert found is not None
    assert found.upload is not None
    assert (found.run, found.upload.order, found.upload.time) == (worker.run, worker.order, worker.time)
    assert (found.lane, found.shape(3)) == ("upload", worker.shape(3))


def test_a_run_among_the_parameters_of_an_upload_does_not_make_it_a_part_of_that_run() -> None:
    found = submissions.parse({**BULK, **UPLOAD})
    assert found == submissions.parse(UPLOAD)
    assert found is not None
    assert found.upload is not None


def test_a_bulk_job_is_the_same_part_of_its_run_for_the_handler_as_for_the_worker() -> None:
    found = submissions.parse(BULK)
    worker = assignment.read_assignment(["bulk", *(BULK[name] for name in assignment.BULK)], {})
    assert found is not None
    assert (found.run, found.first_child, found.lane) == (worker.run, worker.child, "bulk")
    assert found.shape(3) == worker.shape(3)
    assert found.upload is None


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"recipe": "a" * 63},
        {"recipe": "a" * 64},
        {**UPLOAD, "key": ""},
        {**BULK, "run": ""},
        {**BULK, "per_child": "0"},
        {**BULK, "sources": "many"},
        {**BULK, "sources": "٣"},
        {name: value for name, value in BULK.items() if name != "first_child"},
    ],
)
def test_a_job_that_is_not_batchkits_is_no_submission(parameters: dict[str, str]) -> None:
    assert submissions.parse(parameters) is None
