"""Bytes into lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchkit.local.batch.logs import MAX_LINE_BYTES, LineSplitter, MemoryLog


def lines(*chunks: bytes) -> list[str]:
    splitter = LineSplitter(lambda: 7)
    found = [line for chunk in (*chunks, b"") for line in splitter.feed(chunk)]
    assert {line.at for line in found} <= {7}
    return [line.text for line in found]


def test_lines_come_whole_however_they_arrive():
    assert lines(b"on", b"e\ntwo\r\n\nthr", b"ee") == ["one", "two", "three"]


def test_bytes_that_are_no_text_do_not_stop_the_log():
    assert lines(b"\xff\xfe ok\n") == ["\ufffd\ufffd ok"]


def test_a_line_without_an_end_does_not_fill_the_memory():
    splitter = LineSplitter(lambda: 0)
    parts = [line.text for _ in range(40) for line in splitter.feed(b"x" * 10_000)]
    assert {len(part) for part in parts} == {MAX_LINE_BYTES}
    assert len(splitter._rest) <= MAX_LINE_BYTES


@given(st.lists(st.binary(max_size=20), max_size=10), st.lists(st.integers(0, 200), max_size=6))
def test_where_the_chunks_are_cut_makes_no_difference(chunks, cuts):
    data = b"".join(chunks)
    places = sorted({min(cut, len(data)) for cut in cuts} - {0})
    pieces = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    assert lines(*(piece for piece in pieces if piece)) == lines(*([data] if data else []))


def test_an_opened_stream_exists_without_a_line():
    log = MemoryLog()
    log.open("g", "s")
    assert ("g", "s") in log.streams
    assert log.texts("g", "s") == []
