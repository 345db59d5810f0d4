"""Tests of batchkit.local.files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import ConfigError
from batchkit.local.files import keys, local_path, write

FOLDER = Path("/somewhere/outputs")

segments = st.sampled_from(
    ["", ".", "..", "a", "a.jpg", "key-0", "\\", "a\0b", "k" * 300, "ü" * 200]
) | st.text(st.characters(codec="utf-8"), max_size=20)
hostile = st.lists(segments, min_size=1, max_size=6).map("/".join)


@given(hostile)
def test_whatever_the_key_says_the_file_lies_inside_the_folder(key: str) -> None:
    path = local_path(FOLDER, key)

    inside = path.relative_to(FOLDER)
    assert ".." not in inside.parts
    assert len(inside.parts) == key.count("/") + 1
    assert all(0 < len(part.encode()) <= 255 for part in inside.parts)


@given(hostile, hostile)
def test_two_keys_never_share_a_file(one: str, other: str) -> None:
    assert (local_path(FOLDER, one) == local_path(FOLDER, other)) == (one == other)


@pytest.mark.parametrize("key", ["a.jpg", "holiday 1/a+b.jpg", "été/голубой час.jpg"])
def test_a_plain_key_keeps_its_name(key: str) -> None:
    assert local_path(FOLDER, key) == FOLDER / key


def test_a_hostile_key_is_written_inside_the_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "in", "../../etc/passwd", b"x")

    assert path.read_bytes() == b"x"
    assert path.resolve().is_relative_to(tmp_path / "in")


def test_files_are_told_apart_by_their_folders_below_the_common_one() -> None:
    found = keys([Path("/p/a/x.jpg"), Path("/p/b/x.jpg"), Path("/p/b/c/y.jpg")])

    assert list(found) == ["a/x.jpg", "b/x.jpg", "b/c/y.jpg"]


def test_one_file_is_named_by_its_name_alone() -> None:
    assert list(keys([Path("/p/a/x.jpg")])) == ["x.jpg"]
    assert keys([]) == {}


def test_a_file_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot become a source") as raised:
        keys([Path("/p/x.jpg"), Path("/p/x.jpg")])

    assert "given twice" in str(raised.value)


def test_a_name_that_is_not_utf8_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match="cannot become a source"):
        keys([Path(os.fsdecode(b"/p/\xff.jpg"))])
