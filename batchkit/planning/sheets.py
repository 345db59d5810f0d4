"""Cells for spreadsheets: what comes from the world must not become a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What makes Excel, LibreOffice and Google Sheets evaluate a cell (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cells(row: Iterable[object]) -> tuple[object, ...]:
    """The row for csv.writer; text that a spreadsheet would evaluate gets an apostrophe before it."""
    return tuple(map(_cell, row))


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
