"""Tests of batchkit.project.load."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import ConfigError
from batchkit.project import Project, load
from batchkit.project.load import parse

Written = Callable[..., Project]


def test_the_nearest_file_from_the_start_upwards_is_taken(tmp_path: Path, good: str) -> None:
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    (tmp_path / "batchkit.toml").write_text(good.replace("photos", "far"))
    (tmp_path / "a" / "batchkit.toml").write_text(good)
    assert load(None, inner).name == "photos"
    assert load(None, inner).path == tmp_path / "a" / "batchkit.toml"


def test_a_given_path_may_be_a_file_of_any_name_or_a_folder(tmp_path: Path, good: str) -> None:
    (tmp_path / "other.toml").write_text(good)
    (tmp_path / "batchkit.toml").write_text(good.replace("photos", "folder"))
    assert load(tmp_path / "other.toml", Path("/")).name == "photos"
    assert load(tmp_path, Path("/")).name == "folder"


def test_a_file_that_is_nowhere_is_reported_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no batchkit\.toml found") as raised:
        load(None, tmp_path)
    assert str(tmp_path) in str(raised.value.found)
    assert raised.value.exit_code == 78


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"\xff\xfe", "is not text"), (b"a = ", "is not TOML")],
)
def test_a_file_that_cannot_be_read_is_reported_with_its_path(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "batchkit.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as raised:
        load(path, tmp_path)
    assert str(path) in raised.value.what
    assert raised.value.found


def test_a_mistake_in_the_toml_is_reported_with_line_and_column(good: str) -> None:
    with pytest.raises(ConfigError, match=r"batchkit\.toml is not TOML") as raised:
        parse(good + "\n[broken\n", Path("batchkit.toml"))
    assert "line 24, column 8" in str(raised.value.found)


def test_all_keys_of_the_file_become_the_project(written: Written) -> None:
    project = written()
    assert (project.name, project.uses) == ("photos", "stand_in_job:job")
    assert project.parameters == {"names": ["small", "large"]}
    assert project.upload.suffixes == (".jpg",)
    assert (project.upload.max_bytes, project.compute.memory) == (50_000_000, 2048)
    assert project.upload_rules.max_bytes == 50_000_000


def test_what_is_left_out_has_a_default(written: Written) -> None:
    project = written(
        ('prefix = "uploads/"\n', ""),
        ('max_bytes = "50 MB"\n', ""),
        ('key = "{dir}/{name}/{task}.{ext}"\n', ""),
        ('[compute]\ntype = "fargate-spot"\nmax_vcpus = 16\nvcpus = 1\nmemory = "2 GB"\n', ""),
    )
    assert (project.upload.prefix, project.upload.max_bytes) == ("", 200_000_000)
    assert project.output.key == "{dir}/{name}/{task}.{ext}"
    compute = project.compute
    assert (compute.type, compute.max_vcpus, compute.vcpus, compute.memory) == (
        "fargate-spot",
        256,
        1.0,
        2048,
    )
    assert (compute.upload_timeout, compute.bulk_timeout, compute.image) == (900, 7200, None)


@pytest.mark.parametrize(
    ("old", "new", "what", "found", "expected", "fix"),
    [
        ("[upload]", "[uplaod]", "uplaod is not a known key", "uplaod", "upload", "did you mean 'upload'?"),
        (
            "max_bytes =",
            "max_byte =",
            "[upload] max_byte is not a known key",
            "max_byte",
            "bucket, prefix, suffixes, max_bytes",
            "did you mean 'max_bytes'?",
        ),
        (
            "max_vcpus = 16",
            'max_vcpus = "16"',
            "[compute] max_vcpus has the wrong type",
            '"16" (text)',
            "an integer from 1 to 100000",
            None,
        ),
        (
            "max_vcpus = 16",
            "max_vcpus = 0",
            "[compute] max_vcpus is not allowed",
            "0",
            "an integer from 1 to 100000",
            None,
        ),
        (
            '"fargate-spot"',
            '"fargate-spto"',
            "[compute] type is not one of the known values",
            '"fargate-spto"',
            '"ec2-spot", "fargate", "fargate-spot"',
            "did you mean 'fargate-spot'?",
        ),
        ('"50 MB"', '"50 megs"', "[upload] max_bytes: unknown unit", '"50 megs"', '"200 MB"', None),
        ('"2 GB"', "true", "[compute] memory: neither text nor an integer", "true", '"2 GB"', None),
        ('".jpg"', '"jpg"', "[upload] suffixes[0] is not allowed", '"jpg"', "text matching", None),
        ('".jpg"', '".JPG"', "[upload] suffixes[0] is not allowed", '".JPG"', "text matching", None),
        ('[".jpg"]', "[]", "[upload] suffixes is not allowed", "[]", "at least 1 elements", None),
        ('"photos"', '"Photos"', "[project] name is not allowed", '"Photos"', "text matching", None),
        ('"photos"', '"p"', "[project] name is not allowed", '"p"', "text matching", None),
        ('"photos"', f'"{"p" * 32}"', "[project] name is not allowed", "ppp", "text matching", None),
        ('name = "photos"\n', "", "[project] name is missing", "nothing", "text", "add name = …"),
        ('uses = "stand_in_job:job"\n', "", "[job] uses is missing", "only names", "text", "add uses = …"),
    ],
)
def test_an_error_names_file_table_and_key_and_what_was_found_and_expected(
    written: Written, *, old: str, new: str, what: str, found: str, expected: str, fix: str | None
) -> None:
    with pytest.raises(ConfigError) as raised:
        written((old, new))
    error = raised.value
    assert error.what.startswith(f"batchkit.toml: {what}")
    assert found in str(error.found)
    assert expected in str(error.expected)
    assert error.fix == fix


def test_a_missing_table_is_named(written: Written) -> None:
    with pytest.raises(ConfigError, match=r"batchkit\.toml: output is missing"):
        written(('[output]\nbucket = "photos-variants"\nkey = "{dir}/{name}/{task}.{ext}"\n', ""))


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("nan", "extra"),
        ("[1, -inf]", "extra[1]"),
        ("2026-01-01", "extra"),
        ("{ deep = [{ at = 07:32:00 }] }", "extra.deep[0].at"),
    ],
)
def test_a_recipe_holds_nothing_that_json_cannot_say(written: Written, value: str, place: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"batchkit.toml: [job] {place} cannot be part")):
        written(("names =", f"extra = {value}\nnames ="))


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, Path("batchkit.toml"))
