"""The few forms of Markdown that the reference is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from inspect import cleandoc

NOTE = "<!-- Written by `make reference`; not to be edited. -->"


def document(title: str, *parts: str) -> str:
    """A page: its title, and its parts with a blank line between them."""
    return "\n\n".join((f"# {title}", NOTE, *(part.strip("\n") for part in parts if part))) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without the columns that are empty in all rows."""
    cells = [list(row) for row in rows]
    kept = [n for n in range(len(columns)) if any(row[n] for row in cells)]
    lines = [[columns[n] for n in kept], ["---"] * len(kept), *([row[n] for n in kept] for row in cells)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(text: object) -> str:
    """Text as code, in a cell of a table, too."""
    return f"`{text}`".replace("|", "\\|")


def codes(texts: Iterable[object], separator: str = ", ") -> str:
    return separator.join(map(code, texts))


def block(text: str, language: str = "text") -> str:
    """Text as it is."""
    return f"```{language}\n{text.rstrip()}\n```"


def prose(docstring: str | None) -> str:
    """A docstring's text, each paragraph on one line."""
    paragraphs = re.split(r"\n\s*\n", cleandoc(docstring or ""))
    return "\n\n".join(" ".join(part.split()) for part in paragraphs)


def cell(text: str) -> str:
    """Text in a cell of a table: on one line, and nothing in it that ends the cell or becomes HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
