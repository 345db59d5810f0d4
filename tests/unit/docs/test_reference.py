"""docs/reference is what the code says now, and the manual's commands are ones that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from batchkit.cli.main import cli
from docs.writers.pages import FOLDER, PAGES, outdated

ROOT = Path(__file__).parents[3]
MANUAL = sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))
COMMAND = re.compile(r"^\$ (?:.*\| )?batchkit (.+?)(?:\s{2,}#.*)?$", re.MULTILINE)
INLINE = re.compile(r"`batchkit ([a-z]+(?: [a-z]+)?)")


def test_the_reference_is_what_the_code_says() -> None:
    assert outdated() == [], "run: make reference"


def test_the_reference_has_no_page_that_nothing_writes() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(PAGES)


def test_every_page_is_in_the_navigation() -> None:
    index = (ROOT / "docs/index.md").read_text()
    pages = {path.relative_to("docs").as_posix() for path in MANUAL if path.parent.name != "decisions"}
    assert pages - set(re.findall(r"\]\(([^)]+\.md)\)", index)) == {"index.md"}


@pytest.mark.parametrize("page", [Path("README.md"), *MANUAL], ids=str)
def test_every_command_of_the_manual_exists_with_its_options(page: Path) -> None:
    text = (ROOT / page).read_text()
    for line in COMMAND.findall(text):
        words = line.replace("\\", "").split()
        command, rest = found(words)
        assert not isinstance(command, click.Group) or rest[:1] == ["--help"], line
        assert options(rest) <= known(command), line
    for line in INLINE.findall(text):
        found(line.split())


def found(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that a line names, and what follows it. Fails for one that there is not."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        context = click.Context(command)
        inner = command.get_command(context, words[0])
        if inner is None and command is not cli:
            break
        assert inner is not None, words
        command, words = inner, words[1:]
    return command, words


def options(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.fullmatch(r"--[a-z-]+(=.*)?", word)}


def known(command: click.Command) -> set[str]:
    def names() -> Iterator[str]:
        for parameter in command.params:
            yield from (*parameter.opts, *parameter.secondary_opts)

    return {*names(), "--help", "--version", "--debug"}
