"""Tests of batchkit.runs.key_lines."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import DataError
from batchkit.planning import manifest
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed
from batchkit.runs.key_lines import MAX_LINE_BYTES, read

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
BARE = TEXT.filter(
    lambda key: "\n" not in key and not key.startswith(("{", "s3://", "\ufeff")) and key[-1] != "\r"
)


def listed(data: bytes, bucket: str | None = "b") -> list[Listed]:
    return list(read(io.BytesIO(data), "keys.txt", bucket))


def keys(data: bytes, bucket: str | None = "b") -> list[str]:
    return [one.source.key for one in listed(data, bucket)]


@given(st.lists(BARE, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_a_bare_line_is_a_key_as_it_is(some: list[str], end: str) -> None:
    assert keys(end.join(some).encode()) == some
    assert keys("".join(key + end for key in some).encode()) == some


@given(st.lists(TEXT, max_size=8))
def test_json_says_every_key(some: list[str]) -> None:
    for ascii_only in (True, False):
        lines = [json.dumps({"key": key}, ensure_ascii=ascii_only) + "\n" for key in some]
        assert keys("".join(lines).encode()) == some


@given(
    st.lists(
        st.builds(
            Source,
            bucket=TEXT,
            key=TEXT,
            etag=TEXT.filter(lambda e: '"' not in e),
            size=st.integers(1, 2**60),
            tasks=st.lists(TEXT, max_size=2).map(tuple),
        ),
        max_size=6,
    )
)
def test_the_manifest_of_a_run_is_a_file_of_sources(sources: list[Source]) -> None:
    lines = b"".join(line for line, _ in manifest.write(sources))
    assert [one.source for one in listed(lines, None)] == sources


def test_lines_of_all_kinds_may_be_mixed() -> None:
    data = b'plain\n\n{"key": "j", "size": 7, "etag": "\\"e\\"", "modified": 9, "x": []}\ns3://other/a b/c\n'
    assert listed(data) == [
        Listed(Source("b", "plain")),
        Listed(Source("b", "j", "e", 7), 7, 9),
        Listed(Source("other", "a b/c")),
    ]


def test_spaces_belong_to_a_key_and_a_byte_order_mark_does_not() -> None:
    assert keys(b"\xef\xbb\xbf a \n\tb\n\xef\xbb\xbfc\n") == [" a ", "\tb", "\ufeffc"]


def test_an_unknown_size_is_not_zero() -> None:
    assert listed(b'k\n{"key": "k", "etag": "e"}\n') == [Listed(Source("b", "k")), Listed(Source("b", "k"))]
    assert listed(b'{"key": "k", "etag": "e", "size": 0}\n') == [Listed(Source("b", "k", "e"), 0)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"\xff\xfe", "utf-8"),
        (b"x" * 1025, "1,024 bytes"),
        ("ü".encode() * 513, "1,024 bytes"),
        (b"x" * MAX_LINE_BYTES * 2, "more than 262,144 bytes"),
        (b"s3://bucket", "1,024 bytes"),
        (b"s3:///key", "no bucket"),
        (b"{", "truncated"),
        (b"{abc}.jpg", "malformed"),
        (b"{}", "key"),
        (b'{"key": 1}', "`str`"),
        (b'{"key": ""}', "1,024 bytes"),
        (b'{"key": "k", "version": "3sL4kqtJlcpXroDTDmJ"}', 'leave "version" out'),
        (b'{"key": "k", "version": "null"}', 'leave "version" out'),
        (b'{"key": "k", "size": -1}', ">= 0"),
        (b'{"key": "k", "size": "5"}', "`int | null`"),
        (b'{"key": "\\ud800"}', "truncated"),
        (b'{"key": "k"} {"key": "l"}', "malformed"),
        (b'{"key": "\xff"}', "utf-8"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(line: bytes, found: str) -> None:
    with pytest.raises(DataError, match=r"line 3 of keys\.txt") as raised:
        keys(b"good\n\n" + line + b"\nmore\n")
    assert found in str(raised.value.found)


def test_a_key_needs_a_bucket_from_somewhere() -> None:
    with pytest.raises(DataError, match="names no bucket"):
        keys(b"k\n", None)
    assert keys(b'{"bucket": "b", "key": "k"}\ns3://b/l\n', None) == ["k", "l"]


def test_what_is_shown_of_a_bad_line_is_harmless_and_short() -> None:
    with pytest.raises(DataError) as raised:
        keys(b"\x1b[2J\xff" + b"x" * 5000)
    assert "\x1b" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_lines_are_read_as_they_are_asked_for() -> None:
    file = io.BytesIO(b"a\n" + b"b\n" * 100_000 + b"\xff\n")
    lines = read(file, "keys.txt", "b")
    assert next(lines).source.key == "a"
    assert file.tell() == 2
