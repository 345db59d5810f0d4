"""Tests of batchkit.cli.main: the visible list of commands, and how errors end."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from batchkit import cli
from batchkit.cli import main

ROOT = Path(__file__).parents[3]
NO_COMMANDS = {"main", "options", "output", "projects", "uploading"}


def test_the_list_of_commands_is_the_folder() -> None:
    modules = {path.stem for path in Path(str(cli.__file__)).parent.glob("[a-z]*.py")}

    assert set(main.COMMANDS) == modules - NO_COMMANDS
    assert list(main.COMMANDS) == sorted(main.COMMANDS)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help_and_stands_in_the_readme(name: str) -> None:
    command = main.cli.get_command(click.Context(main.cli), name)

    assert command is not None
    assert command.help
    assert f"`batchkit {name}" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    command = main.cli.get_command(click.Context(main.cli), name)
    commands = command.commands.values() if isinstance(command, click.Group) else [command]

    bare = [p.name for c in commands if c for p in c.params if isinstance(p, click.Option) and not p.help]
    assert bare == []


def test_a_missing_project_says_where_it_looked_and_exits_78(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as ended:
        main.main(["check"])

    assert ended.value.code == 78
    assert str(tmp_path) in capsys.readouterr().err


def test_a_wrong_command_line_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(["preview"])

    assert ended.value.code == 2
    assert "PHOTOS" in capsys.readouterr().err
