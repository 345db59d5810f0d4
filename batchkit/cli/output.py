"""Facts onto standard output: a table on a terminal, plain columns in a pipe, or JSON."""

from __future__ import annotations

import json
import sys
import textwrap
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COLOURS = {
    "done": "green",
    "fresh": "cyan",
    "rejected": "yellow",
    "failed": "red",
    "SUCCEEDED": "green",
    "PARTIAL": "yellow",
    "FAILED": "red",
}

# Rows whose columns get a common width, where it is a person who reads and there may be many.
PAGE = 200

# A terminal of fewer characters, in all or for each column of a table, shows rows as blocks rather than cut
# their words.
NARROW = 60
NARROW_COLUMN = 12


def console(*, stderr: bool = False) -> Console:
    """A standard stream as rich sees it: colours and width of the terminal; no style where none is wanted."""
    context = click.get_current_context(silent=True)
    plain = context is not None and context.color is False
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        highlight=False,
        soft_wrap=not is_terminal(stream),
        color_system=None if plain else "auto",
    )


def is_terminal(stream: object) -> bool:
    """Whether a standard stream is a terminal; one that was closed (`<&-`) is none."""
    return stream is not None and bool(getattr(stream, "isatty", bool)())


def print_json(value: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_json_list(values: Iterable[Any]) -> None:
    """One JSON document, a list, written as its members come: memory does not grow with it."""
    separator = "["
    for value in values:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
        click.echo(f"{separator}\n{textwrap.indent(text, '  ')}", nl=False)
        separator = ","
    click.echo("[]" if separator == "[" else "\n]")


def money(usd: float) -> str:
    """`1,234.50 USD`; what is less than a cent, and not nothing, says so."""
    return "< 0.01 USD" if 0 < usd < 0.01 else f"{usd:,.2f} USD"


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on a terminal, or a block a row where that is too narrow; in a pipe a header line and
    tab-separated columns, whatever their width."""
    if not is_terminal(sys.stdout):
        for row in (columns, *rows):
            click.echo(_line(row))
        return
    screen, whole = console(), table(columns, rows)
    is_narrow = screen.width < max(NARROW, NARROW_COLUMN * len(columns))
    screen.print(blocks(columns, rows) if is_narrow and _cuts_words(screen, whole) else whole)


def _cuts_words(screen: Console, whole: Table) -> bool:
    """Whether the longest words of the columns have no room side by side."""
    endless = screen.options.update(max_width=sys.maxsize)
    return screen.measure(whole, options=endless).minimum > screen.width


def print_pages(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows as they come, in memory that does not grow: tables of PAGE rows on a terminal, lines in a pipe."""
    rest = iter(rows)
    if is_terminal(sys.stdout):
        print_rows(columns, list(islice(rest, PAGE)))
        while page := list(islice(rest, PAGE)):
            print_rows(columns, page)
        return
    print_rows(columns, ())
    for row in rest:
        click.echo(_line(row))


def _line(row: Sequence[object]) -> str:
    return "\t".join(one_line(cell) for cell in row)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A rich table; numbers to the right, outcomes and states in their colours."""
    result = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        result.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        result.add_row(*(paint(cell) for cell in row))
    return result


def blocks(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Names and values of each row one below the other, those left out that are empty."""
    result = Table.grid(padding=(0, 2, 0, 0))
    result.add_column(style="bold", no_wrap=True)
    result.add_column(overflow="fold")
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            if cell not in (None, ""):
                result.add_row(column, paint(cell))
        result.add_row()
    return result


def paint(cell: object) -> Text:
    """A cell in the colour of its outcome; text from the world is never read as markup."""
    text = one_line(cell)
    return Text(text, style=COLOURS.get(text, ""))


def one_line(cell: object) -> str:
    """A cell on one line, with nothing in it that a terminal would obey: keys come from the world."""
    text = "" if cell is None else str(cell)
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 item`, `1,200 items`, `2 children`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def human_bytes(size: int) -> str:
    """1234567 → '1.2 MB' (decimal, as S3's console and the bill count)."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{size} B"


def count(number: int, noun: str) -> str:
    """`1 job`, `1,200 jobs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def print_mapping(facts: Mapping[str, object]) -> None:
    """Names and values, one pair a line."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {one_line(value)}")
