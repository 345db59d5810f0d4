"""Tests of batchkit.cli.main: the visible list of commands, and how errors end."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.pictures import picture

from batchkit import cli
from batchkit.cli import main

ROOT = Path(__file__).parents[3]
NO_COMMANDS = {
    "aws_checks",
    "changes_output",
    "checks_output",
    "idle_output",
    "main",
    "options",
    "output",
    "outputs_file",
    "parameters",
    "plan_output",
    "progress",
    "projects",
    "rerunning",
    "run_ids",
    "stack_progress",
    "status_output",
    "submit_options",
    "terminal",
    "uploading",
    "worker_images",
}


def test_the_list_of_commands_is_the_folder() -> None:
    modules = {path.stem for path in Path(str(cli.__file__)).parent.glob("[a-z]*.py")}

    assert set(main.COMMANDS) == modules - NO_COMMANDS


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help_and_stands_in_the_readme(name: str) -> None:
    command = main.cli.get_command(click.Context(main.cli), name)

    assert command is not None
    assert command.help
    assert main.COMMANDS[name]
    assert f"`batchkit {name}" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    command = main.cli.get_command(click.Context(main.cli), name)
    commands = command.commands.values() if isinstance(command, click.Group) else [command]

    bare = [p.name for c in commands if c for p in c.params if isinstance(p, click.Option) and not p.help]
    assert bare == []


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_help_of_every_command_has_examples_and_all_of_them_are_command_lines(name: str) -> None:
    for words, command in _all(name):
        help_ = inspect.cleandoc(command.help or "")
        lines = [line.strip() for line in help_.replace("\\\n", " ").splitlines()]
        examples = [line for line in lines if line.startswith("batchkit ")]
        assert "\b\nExample" in help_, words
        assert any(line.startswith(f"batchkit {' '.join(words)}") for line in examples), words
        for line in examples:
            _parse(shlex.split(re.split(r"\s{2,}| && | \| | > ", line)[0]))


def _all(name: str) -> Iterator[tuple[list[str], click.Command]]:
    command = main.cli.get_command(click.Context(main.cli), name)
    assert command is not None
    yield [name], command
    if isinstance(command, click.Group):
        yield from (([name, each], sub) for each, sub in command.commands.items())


def _parse(words: list[str]) -> None:
    """Raises click's errors for a command or an option that is not there."""
    context, rest = click.Context(main.cli, **main.cli.context_settings), words[1:]
    while isinstance(context.command, click.Group):
        assert rest, words
        found = context.command.get_command(context, rest.pop(0))
        assert found is not None, words
        context = click.Context(found, parent=context)
    context.command.make_parser(context).parse_args(rest)


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


WITHOUT = """
import sys
for name in ("moto", "docker", "PIL", "numpy", "werkzeug"):
    sys.modules[name] = None
from batchkit.cli.main import main
try:
    main({arguments!r})
finally:
    print("boto3" in sys.modules, file=sys.stderr)
"""


def without_extras(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT.format(arguments=list(arguments))]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_list_of_commands_needs_no_extra_and_no_boto3() -> None:
    done = without_extras("--help")

    assert (done.returncode, done.stderr) == (0, "False\n")
    assert all(name in done.stdout and purpose in done.stdout for name, purpose in main.COMMANDS.items())


@pytest.mark.parametrize("name", ["demo", "local"])
def test_a_command_without_its_extra_prints_the_exact_line_to_install_it(name: str) -> None:
    done = without_extras(name, "--help")

    assert done.returncode == 78
    assert "pip install 'batchkit[local]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_of_this_machine_needs_no_extra_and_tells_what_each_would_bring() -> None:
    done = without_extras("doctor", "--local")

    assert done.returncode == 65
    assert "pip install 'batchkit[local]'" in done.stdout
    assert "pip install 'batchkit[images]'" in done.stdout
    assert "the job image-variants needs the optional extra" in done.stdout
    assert "Traceback" not in done.stderr


def test_what_the_system_refuses_is_an_error_of_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "photo.jpg").write_bytes(picture(64, 64))

    with pytest.raises(SystemExit) as ended:
        main.main(["preview", str(tmp_path / "photo.jpg"), "--out", str(tmp_path / "file" / "below")])

    assert ended.value.code == 78
    assert "file/below" in capsys.readouterr().err


def test_every_command_that_a_text_advises_exists() -> None:
    advised = set()
    for path in [*(ROOT / "batchkit").rglob("*.py"), ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        advised |= set(re.findall(r"(?:`|\$ |fix=\")batchkit ([a-z]+)", path.read_text()))

    assert advised <= set(main.COMMANDS)


def test_sigterm_ends_a_command_as_ctrl_c_does() -> None:
    with pytest.raises(KeyboardInterrupt), main.terminated_as_interrupted():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
