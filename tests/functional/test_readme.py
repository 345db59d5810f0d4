"""README.md, followed: all its commands, in order, with an empty home."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.manual import EXCEPTIONS, PAGES, ROOT, Step, reader, shown, steps
from support.pictures import picture


def check_out(folder: Path) -> None:
    """What `make demo` needs of a checkout, with an environment in which all is installed."""
    for name in ("Makefile", "pyproject.toml", ".ci"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(ROOT / ".venv/bin")
    # Newer than the files above, so that nothing is installed.
    (folder / ".venv/.local").touch()


def test_the_readme_can_be_followed(tmp_path: Path) -> None:
    with reader(tmp_path) as one:
        check_out(one.cwd)
        (one.cwd / "photo.jpg").write_bytes(picture(640, 480))
        one.follow("README.md")


@pytest.mark.parametrize("command", EXCEPTIONS)
def test_an_exception_is_a_command_that_is_shown(command: str) -> None:
    assert command in {step.typed for page in PAGES for step in shown(page)}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_shows_is_read(page: str) -> None:
    shown_there = re.findall(r"^\s*\$ .*", (ROOT / page).read_text(), re.MULTILINE)
    assert [f"$ {step.command}".splitlines()[0] for step in shown(page)] == shown_there


def test_commands_are_read_with_their_outputs_their_continuations_and_what_they_wait_for() -> None:
    before = "Once the other terminal\nshows `Run Finished`:"
    text = f"{before}\n\n```console\n$ a \\\n  b   # why\nout\n\n$ c\n```\n"
    assert list(steps(text)) == [Step("a \\\n  b   # why", ("out",), "Run Finished"), Step("c")]
