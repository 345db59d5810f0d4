"""Tests of batchkit.planning.manifest."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import DataError
from batchkit.planning.manifest import (
    OFFSET_BYTES,
    Source,
    check_index_size,
    index_range,
    read,
    read_offsets,
    write,
)

# Every string that UTF-8 can say, and those that break line-based formats more often than chance has it.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text(
    st.sampled_from("\n\r\0\x0b\x0c\x1c\x1e\x7f\x85\u2028\u2029\"'\\ü😀{}, "), max_size=8
)
SOURCES = st.builds(
    Source,
    bucket=TEXT,
    key=TEXT,
    etag=TEXT,
    size=st.integers(0, 50 * 2**40),
    tasks=st.lists(TEXT, max_size=3).map(tuple),
)
RUNS = st.lists(SOURCES, max_size=12)


def stored(sources: list[Source]) -> tuple[bytes, bytes]:
    chunks = list(write(sources))
    return b"".join(lines for lines, _ in chunks), b"".join(index for _, index in chunks)


@given(RUNS)
def test_a_manifest_reads_back_as_it_was_written(sources: list[Source]) -> None:
    lines, index = stored(sources)
    assert list(read(lines, len(sources))) == sources
    check_index_size(len(index), len(sources))


@given(RUNS, st.data())
def test_any_range_of_sources_is_read_with_two_ranges_of_bytes(
    sources: list[Source], data: st.DataObject
) -> None:
    lines, index = stored(sources)
    start = data.draw(st.integers(0, len(sources)))
    part = range(start, data.draw(st.integers(start, len(sources))))
    begin, end = index_range(part)
    first, stop = read_offsets(index[begin:end], part)
    assert list(read(lines[first:stop], len(part))) == sources[part.start : part.stop]


@given(RUNS)
def test_a_line_is_json_that_any_program_can_read(sources: list[Source]) -> None:
    lines, _ = stored(sources)
    assert [json.loads(line)["key"] for line in lines.split(b"\n")[:-1]] == [s.key for s in sources]


def test_the_index_is_little_endian_offsets_and_the_end() -> None:
    lines, index = stored([Source("b", "k"), Source("b", "longer")])
    assert lines == b'{"bucket":"b","key":"k"}\n{"bucket":"b","key":"longer"}\n'
    assert struct.unpack("<3Q", index) == (0, 25, len(lines))


def test_an_empty_run_has_an_index_of_one_offset() -> None:
    assert stored([]) == (b"", bytes(OFFSET_BYTES))
    assert read(b"", 0) == ()


def test_a_source_may_carry_fields_that_are_not_known_yet() -> None:
    assert read(b'{"bucket":"b","key":"k","colour":"red"}\n', 1) == (Source("b", "k"),)


@pytest.mark.parametrize(
    "line", [b"\n", b"not json\n", b'{"bucket":"b"}\n', b'{"bucket":"b","key":1}\n', b'{"bucket":"b","ke']
)
def test_a_line_that_is_no_source_stops_the_child(line: bytes) -> None:
    with pytest.raises(DataError, match="not a source"):
        read(line, 1)


def test_lines_that_do_not_agree_with_the_index_stop_the_child() -> None:
    lines, _ = stored([Source("b", "k")] * 3)
    with pytest.raises(DataError, match="do not agree with its index") as raised:
        read(lines, 2)
    assert (raised.value.found, raised.value.expected) == ("3 sources", 2)


@pytest.mark.parametrize("size", [0, 8, 16, 31, 33, 40])
def test_an_index_of_another_size_than_the_run_stops_the_child(size: int) -> None:
    with pytest.raises(DataError, match="number of sources"):
        check_index_size(size, 3)


@given(st.binary(max_size=40), st.integers(0, 5), st.integers(0, 5))
def test_a_cut_or_garbled_index_is_refused_or_ascends(data: bytes, start: int, count: int) -> None:
    part = range(start, start + count)
    try:
        first, stop = read_offsets(data, part)
    except DataError as error:
        assert error.expected
    else:
        assert len(data) == (count + 1) * OFFSET_BYTES
        assert first <= stop
