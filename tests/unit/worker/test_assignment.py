"""Tests of batchkit.worker.assignment: command line and environment into types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import EX_CONFIG, EX_DATAERR, BatchkitError, ConfigError, DataError
from batchkit.planning import names
from batchkit.planning.states import bulk_order, upload_order
from batchkit.planning.uploads import UploadRules
from batchkit.worker.assignment import read_assignment, read_place

DIGEST = "d" * 64
UPLOAD = ["upload", DIGEST, "bucket", "in/a b.jpg", "etag", "123", "0055AED6", "2023-11-14T22:13:20Z"]
BULK = ["bulk", "b-1", DIGEST, "10", "6", "20", "1700000000"]
RULES = UploadRules("bucket", "", (".jpg", "-", "p", "y", "g"), 1_000)
UPLOADS = {"BATCHKIT_UPLOADS": RULES.to_json()}
PLACE = {
    "BATCHKIT_PROJECT": "photos",
    "BATCHKIT_LEDGER": "table",
    "BATCHKIT_ARTIFACTS": "artifacts",
    "BATCHKIT_OUTPUT_BUCKET": "outputs",
    "BATCHKIT_OUTPUT_KEY": "{stem}/{task}.{ext}",
}


def test_an_upload_is_a_run_of_one_source() -> None:
    environ = {**UPLOADS, "AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ATTEMPT": "3"}
    found = read_assignment(UPLOAD, environ)
    assert (found.lane, found.child, found.attempt, found.sources, found.per_child) == ("upload", 2, 3, 1, 1)
    assert found.run == names.upload_run(DIGEST, "bucket", "in/a b.jpg", "etag", "0055AED6")
    assert (found.time, found.order) == (1_700_000_000, upload_order(1_700_000_000, "0055AED6"))
    assert found.upload is not None
    assert (found.upload.key, found.upload.size) == ("in/a b.jpg", 123)


def test_a_plain_job_has_no_index_and_is_child_0() -> None:
    assert read_assignment(UPLOAD, UPLOADS).child == 0


def test_a_bulk_child_counts_through_all_arrays_of_its_run() -> None:
    found = read_assignment(BULK, {"AWS_BATCH_JOB_ARRAY_INDEX": "4"})
    assert (found.run, found.child, found.sources, found.per_child) == ("b-1", 24, 10, 6)
    assert (found.order, found.upload) == (bulk_order(1_700_000_000), None)


@given(child=st.integers(0, 30), tasks=st.integers(1, 5))
def test_slices_are_those_of_the_whole_run_and_empty_beyond_it(child: int, tasks: int) -> None:
    found = read_assignment([*BULK[:5], str(child), BULK[6]], {})
    made = [(s.source * tasks + t) for s in found.slices(tasks) for t in range(s.first, s.stop)]
    assert made == list(range(min(child * 6, 10 * tasks), min(child * 6 + 6, 10 * tasks)))


@pytest.mark.parametrize("key", ["--help", "Ref::key", "-", "Ref::etag"])
def test_a_key_may_look_like_anything(key: str) -> None:
    found = read_assignment([*UPLOAD[:3], key, *UPLOAD[4:]], UPLOADS)
    assert found.upload is not None
    assert found.upload.key == key


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("bucket", "private/secret.jpg"),
        ("bucket", "uploads/notes.txt"),
        ("bucket", 'uploads/"a".jpg'),
        ("bucket", "uploads/"),
        ("other", "uploads/a.jpg"),
    ],
)
def test_an_upload_that_the_rules_do_not_accept_is_refused_as_bad_data(bucket: str, key: str) -> None:
    environ = {"BATCHKIT_UPLOADS": UploadRules("bucket", "uploads/", (".jpg",), 9).to_json()}
    argv = [*UPLOAD[:2], bucket, key, *UPLOAD[4:]]
    with pytest.raises(DataError, match="not an upload that the project accepts") as caught:
        read_assignment(argv, environ)
    assert caught.value.exit_code == EX_DATAERR
    assert caught.value.found == f"s3://{bucket}/{key}"
    assert read_assignment([*argv[:2], "bucket", "uploads/a.jpg", *argv[4:]], environ).upload


@pytest.mark.parametrize("environ", [{}, {"BATCHKIT_UPLOADS": ""}, {"BATCHKIT_UPLOADS": "[]"}])
def test_an_upload_without_rules_is_a_configuration_error_and_a_bulk_child_needs_none(
    environ: dict[str, str],
) -> None:
    with pytest.raises(ConfigError, match="BATCHKIT_UPLOADS"):
        read_assignment(UPLOAD, environ)
    assert read_assignment(BULK, environ).upload is None


@pytest.mark.parametrize("argv", [[], ["help"], UPLOAD[:-1], [*BULK, "more"], ["upload"]])
def test_a_command_of_no_job_definition_is_a_configuration_error(argv: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_assignment(argv, {})
    assert caught.value.exit_code == EX_CONFIG


@pytest.mark.parametrize("position", [1, 2, 4, 5, 6, 7])
def test_a_parameter_that_nobody_gave_is_named(position: int) -> None:
    argv = list(UPLOAD)
    argv[position] = "Ref::" + ("", "recipe", "bucket", "key", "etag", "size", "sequencer", "time")[position]
    with pytest.raises(ConfigError, match=argv[position].removeprefix("Ref::")):
        read_assignment(argv, {})


@pytest.mark.parametrize(
    ("argv", "position", "value", "name"),
    [
        (UPLOAD, 1, "D" * 64, "recipe"),
        (UPLOAD, 1, "../" + "d" * 61, "recipe"),
        (UPLOAD, 2, "", "bucket"),
        (UPLOAD, 3, "", "key"),
        (UPLOAD, 3, "\udcff.jpg", "key"),
        (UPLOAD, 5, "-1", "size"),
        (UPLOAD, 5, "١٢", "size"),
        (UPLOAD, 7, "yesterday", "time"),
        (BULK, 1, "../../recipes", "run"),
        (BULK, 1, "", "run"),
        (BULK, 3, "1e3", "sources"),
        (BULK, 4, "0", "per_child"),
        (BULK, 5, "9" * 400, "first_child"),
        (BULK, 6, "2023-11-14T22:13:20Z", "time"),
    ],
)
def test_an_impossible_value_is_named_and_is_bad_data(
    argv: list[str], position: int, value: str, name: str
) -> None:
    with pytest.raises(BatchkitError, match=name) as caught:
        read_assignment([*argv[:position], value, *argv[position + 1 :]], UPLOADS)
    assert caught.value.exit_code == EX_DATAERR


@pytest.mark.parametrize("name", ["AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ATTEMPT"])
@pytest.mark.parametrize("value", ["", "-1", "two"])
def test_batchs_own_variables_are_numbers(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read_assignment(UPLOAD, {name: value})


@given(
    st.lists(st.text(), max_size=9), st.dictionaries(st.sampled_from(["AWS_BATCH_JOB_ATTEMPT"]), st.text())
)
def test_any_command_line_gives_an_assignment_or_an_error_with_an_exit_code(
    argv: list[str], environ: dict[str, str]
) -> None:
    for first in ("upload", "bulk"):
        try:
            read_assignment([first, *argv], {**UPLOADS, **environ})
        except BatchkitError as error:
            assert error.exit_code in {EX_CONFIG, EX_DATAERR}


def test_the_place_is_read_from_the_environment() -> None:
    place = read_place({**PLACE, "BATCHKIT_MAX_BYTES": "50000000"})
    assert (place.project, place.ledger, place.artifacts) == ("photos", "table", "artifacts")
    assert (place.bucket, place.template, place.max_bytes) == ("outputs", "{stem}/{task}.{ext}", 50_000_000)


@pytest.mark.parametrize("name", sorted(PLACE))
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    environ = {**PLACE, name: value}
    with pytest.raises(ConfigError, match=name) as caught:
        read_place({key: text for key, text in environ.items() if text is not None})
    assert caught.value.exit_code == EX_CONFIG


def test_a_template_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="template"):
        read_place({**PLACE, "BATCHKIT_OUTPUT_KEY": "{stem}/{size}"})
