"""Tests of batchkit.cli.output."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from batchkit.cli import results
from batchkit.cli.output import (
    human_bytes,
    money,
    one_line,
    print_json,
    print_json_list,
    print_pages,
    print_rows,
    table,
)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_bytes_are_counted_in_decimal_units(size: int, text: str) -> None:
    assert human_bytes(size) == text


@given(st.text())
def test_a_cell_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    assert all(c.isprintable() for c in one_line(text))


def test_an_escape_sequence_in_a_key_is_shown_not_obeyed() -> None:
    assert one_line("\x1b[31mred\n") == "\\x1b[31mred\\x0a"


@given(st.text())
def test_a_cell_that_looks_like_markup_is_shown_as_it_is(text: str) -> None:
    console = Console(width=10_000, file=io.StringIO(), record=True)
    console.print(table(["a"], [[text]]), soft_wrap=True)

    assert one_line(text).split() == console.export_text().split()[1:]


def test_rows_in_a_pipe_are_tab_separated_with_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("a", "b"), [("x\ty", 1), (None, 2)])

    assert capsys.readouterr().out == "a\tb\nx\\x09y\t1\n\t2\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


MESSAGE = "the content is text; accepted are GIF, HEIF, JPEG, PNG, TIFF and WebP photographs"
URL = "s3://photos-originals/2024/077.jpg"
RESULT = (
    "rejected",
    "large",
    URL,
    "",
    0,
    "input",
    "UnsupportedFormat",
    MESSAGE,
    "b-20261124t163239-b87a8f7b",
)


def shown(stream: io.StringIO, width: str, monkeypatch: pytest.MonkeyPatch, rows: Sequence[Any]) -> str:
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    with click.Context(results.command) as context:
        context.color = False
        print_rows(results.COLUMNS[: len(rows[0])], rows)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 59, 80])
def test_a_row_too_wide_for_a_narrow_terminal_is_a_block_with_its_words_whole(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shown(
        Terminal(), str(width), monkeypatch, [RESULT, ("done", "thumb", URL, "x/y", 5, "", "", None, "b-1")]
    )
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= width
    assert {*MESSAGE.split(), "UnsupportedFormat"} <= set(text.split())
    assert lines[:2] == ["outcome  rejected", "task     large"]
    # What is empty has no line; a nought has one.
    assert "bytes    0" in lines
    second = lines[lines.index("") + 1 :]
    assert [line.split()[0] for line in second if line[:1].strip()] == [
        "outcome",
        "task",
        "source",
        "output",
        "bytes",
        "run",
    ]


def test_a_terminal_wide_enough_has_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(Terminal(), "120", monkeypatch, [RESULT])
    assert text.split()[:9] == list(results.COLUMNS)


def test_a_table_that_fits_a_narrow_terminal_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(Terminal(), "40", monkeypatch, [("done", "thumb")])
    assert [line.split() for line in text.splitlines()] == [["outcome", "task"], ["done", "thumb"]]


def test_a_pipe_has_whole_rows_whatever_the_terminals_width(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(io.StringIO(), "40", monkeypatch, [RESULT])
    assert text.splitlines()[1].split("\t") == [str(cell) for cell in RESULT]


def test_rows_in_a_pipe_are_written_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    written = []

    def rows() -> Iterator[tuple[int, str]]:
        for number in range(2):
            written.append(capsys.readouterr().out)
            yield number, "x"

    print_pages(("n", "text"), rows())
    assert [*written, capsys.readouterr().out] == ["n\ttext\n", "0\tx\n", "1\tx\n"]


@pytest.mark.parametrize("values", [[], [{"key": "été"}], [{"a": [1]}, {"b": "x\ny"}, 3]])
def test_a_list_that_is_written_as_it_comes_is_one_document(
    values: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    print_json_list(iter(values))
    streamed = capsys.readouterr().out
    assert json.loads(streamed) == values
    print_json(values)
    assert capsys.readouterr().out == streamed


def test_a_list_is_written_before_its_end_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    written = []

    def values() -> Iterator[int]:
        for number in range(3):
            written.append(capsys.readouterr().out)
            yield number

    print_json_list(values())
    assert written == ["", "[\n  0", ",\n  1"]


@pytest.mark.parametrize(
    ("usd", "text"), [(0, "0.00 USD"), (0.0004, "< 0.01 USD"), (0.01, "0.01 USD"), (1234.5, "1,234.50 USD")]
)
def test_a_small_amount_is_not_nothing(usd: float, text: str) -> None:
    assert money(usd) == text


def test_json_keeps_unicode_readable(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"key": "été"})

    text = capsys.readouterr().out
    assert "été" in text
    assert json.loads(text) == {"key": "été"}
