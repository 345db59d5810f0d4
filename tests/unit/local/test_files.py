"""Tests of batchkit.local.files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.local.files import local_path, write

FOLDER = Path("/somewhere/outputs")

segments = st.sampled_from(
    ["", ".", "..", "a", "a.jpg", "key-0", "\\", "a\0b", "k" * 300, "ü" * 200]
) | st.text(st.characters(codec="utf-8"), max_size=20)
keys = st.lists(segments, min_size=1, max_size=6).map("/".join)


@given(keys)
def test_whatever_the_key_says_the_file_lies_inside_the_folder(key: str) -> None:
    path = local_path(FOLDER, key)

    inside = path.relative_to(FOLDER)
    assert ".." not in inside.parts
    assert len(inside.parts) == key.count("/") + 1
    assert all(0 < len(part.encode()) <= 255 for part in inside.parts)


@given(keys, keys)
def test_two_keys_never_share_a_file(one: str, other: str) -> None:
    assert (local_path(FOLDER, one) == local_path(FOLDER, other)) == (one == other)


@pytest.mark.parametrize("key", ["a.jpg", "holiday 1/a+b.jpg", "été/голубой час.jpg"])
def test_a_plain_key_keeps_its_name(key: str) -> None:
    assert local_path(FOLDER, key) == FOLDER / key


def test_a_hostile_key_is_written_inside_the_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "in", "../../etc/passwd", b"x")

    assert path.read_bytes() == b"x"
    assert path.resolve().is_relative_to(tmp_path / "in")
